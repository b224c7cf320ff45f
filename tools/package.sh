#!/bin/sh
# Builds the Debian package from what `make install` installs: BUILD/customer360_VERSION_ARCHITECTURE.deb.
# Dependencies are those of the libraries that the program is linked with, found by dpkg-shlibdeps. The same tree
# gives the same bytes.
set -eu
build=$1 make=$2
version=$(sed -n 's/^#define CUSTOMER360_VERSION "\(.*\)"/\1/p' src/service/version.h)
architecture=$(dpkg --print-architecture)
root=$build/package
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)
export SOURCE_DATE_EPOCH
umask 022

rm -rf "$root"
mkdir -p "$root/DEBIAN" "$build/package-control/debian"
$make -s BUILD="$build" DESTDIR="$root" install
strip --strip-unneeded "$root/usr/bin/customer360"

printf 'Source: customer360\n\nPackage: customer360\nArchitecture: any\n' >"$build/package-control/debian/control"
program=$(readlink -f "$root/usr/bin/customer360")
libraries=$(cd "$build/package-control" && dpkg-shlibdeps -O -e"$program" 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$libraries" ] || { echo "package: the libraries' packages are not found" >&2; exit 1; }

cat >"$root/DEBIAN/control" <<CONTROL
Package: customer360
Version: $version
Architecture: $architecture
Maintainer: Customer 360 <customer360@localhost>
Installed-Size: $(du -k -s --exclude=DEBIAN "$root" | cut -f1)
Depends: $libraries, adduser
Suggests: postgresql, zstd
Section: database
Priority: optional
Description: the single customer profile that a whole ERP reads
 One golden record per customer, duplicate detection, merges that can be taken back exactly, and consent that
 can be proved, on an embedded store or PostgreSQL.
CONTROL
echo /etc/customer360/customer360.conf >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
    install -m 0755 "packaging/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find usr lib -type f | LC_ALL=C sort | xargs md5sum) >"$root/DEBIAN/md5sums"
dpkg-deb --root-owner-group --build "$root" "$build/customer360_${version}_$architecture.deb"
