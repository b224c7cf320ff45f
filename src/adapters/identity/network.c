#include "adapters/identity/network.h"

#include <arpa/inet.h>
#include <string.h>

enum { ADDRESS_TEXT_MAX = 64, MAPPED_BITS = 96 };

/* `*family_bits` is where the bits of the family begin: 96 for IPv4, 0 for IPv6. */
static bool parse_address(struct str text, uint8_t address[16], int *family_bits)
{
    char name[ADDRESS_TEXT_MAX];
    if (text.len == 0 || text.len >= sizeof(name) || str_find_char(text, '\0') >= 0) return false;
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    *family_bits = 0;
    if (inet_pton(AF_INET6, name, address) == 1) return true;
    memset(address, 0, 10);
    memset(address + 10, 0xff, 2);
    *family_bits = MAPPED_BITS;
    return inet_pton(AF_INET, name, address + 12) == 1;
}

static bool bit(const uint8_t address[16], int index)
{
    return address[index / 8] >> (7 - index % 8) & 1;
}

bool network_parse(struct str text, struct network *network)
{
    struct str rest = text, address;
    int first;
    int64_t length;
    (void)str_split(&rest, '/', &address);
    if (!parse_address(address, network->address, &first)) return false;
    network->bits = 128;
    if (!str_is_none(rest)) {
        if (!str_to_int64(rest, &length) || length < 0 || length > 128 - first) return false;
        network->bits = first + (int)length;
    }
    for (int i = network->bits; i < 128; i++)
        if (bit(network->address, i)) return false;
    return true;
}

bool network_has_bytes(const struct network *network, const uint8_t address[16])
{
    for (int i = 0; i < network->bits; i++)
        if (bit(address, i) != bit(network->address, i)) return false;
    return true;
}

bool network_has(const struct network *network, struct str address)
{
    uint8_t bytes[16];
    int first;
    return parse_address(address, bytes, &first) && network_has_bytes(network, bytes);
}
