/* The version of the program: semantic versioning over the HTTP API and the command line. */
#ifndef SERVICE_VERSION_H
#define SERVICE_VERSION_H

#define CUSTOMER360_VERSION "0.1.0"

#endif
