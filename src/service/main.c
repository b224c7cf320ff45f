#include <stdio.h>

int main(void)
{
    puts("customer360");
    return 0;
}
