#include "adapters/webhooks/signer.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/buffer.h"
#include "base/hex.h"

/* Text of n bytes in base64, with the NUL that OpenSSL writes. */
#define BASE64_MAX(n) (((n) + 2) / 3 * 4 + 1)

static void hmac(const unsigned char *key, size_t key_len, struct str text,
                 unsigned char out[SIGNER_SECRET_BYTES])
{
    unsigned len = 0;
    const unsigned char *done =
        HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text.ptr, text.len, out, &len);
    assert(done && len == SIGNER_SECRET_BYTES);
    (void)done;
}

static void append_base64(struct buffer *out, const unsigned char bytes[SIGNER_SECRET_BYTES])
{
    unsigned char text[BASE64_MAX(SIGNER_SECRET_BYTES)];
    int len = EVP_EncodeBlock(text, bytes, SIGNER_SECRET_BYTES);
    buffer_append(out, str_of((const char *)text, (size_t)len));
}

/* Ids and salts have no such byte as stands between them. */
void signer_make_secret(const struct signer *self, struct str tenant, struct str webhook_id,
                        struct str salt, struct signer_secret *secret)
{
    enum { TEXT_MAX = 1024 };
    char text[TEXT_MAX];
    int len = snprintf(text, sizeof(text), "customer360 webhook\n%.*s\n%.*s\n%.*s",
                       STR_ARGS(tenant), STR_ARGS(webhook_id), STR_ARGS(salt));
    assert(len > 0 && (size_t)len < sizeof(text));
    hmac(self->key, SIGNER_KEY_BYTES, str_of(text, (size_t)len), secret->bytes);
    secret->len = SIGNER_SECRET_BYTES;
}

static struct str secret_text(struct webhook_signer *base, struct str tenant, struct str webhook_id,
                              struct str salt, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct signer_secret secret;
    signer_make_secret((struct signer *)base, tenant, webhook_id, salt, &secret);
    buffer_append(&out, STR("whsec_"));
    append_base64(&out, secret.bytes);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status check_url(struct webhook_signer *base, struct str url, struct arena *arena,
                             struct error *error)
{
    return endpoint_check_url(&((struct signer *)base)->rules, url, arena, error);
}

static void wake(struct webhook_signer *base)
{
    struct signer *self = (struct signer *)base;
    if (self->waken) self->waken(self->waken_argument);
}

void signer_init(struct signer *self, const unsigned char key[SIGNER_KEY_BYTES],
                 const struct endpoint_rules *rules)
{
    unsigned char digest[SIGNER_SECRET_BYTES];
    *self = (struct signer){.base = {.secret = secret_text, .check_url = check_url, .wake = wake},
                            .rules = *rules};
    memcpy(self->key, key, SIGNER_KEY_BYTES);
    hmac(key, SIGNER_KEY_BYTES, STR("customer360 webhook key"), digest);
    hex_put_bytes(digest, SIGNER_KEY_ID_LEN / 2, self->key_id);
    self->base.key_id = str_of(self->key_id, SIGNER_KEY_ID_LEN);
}

struct str signer_signature(const struct signer_secret *secrets, size_t count, struct str id,
                            int64_t timestamp, struct str body, struct arena *arena)
{
    struct buffer signed_text = {.arena = arena}, out = {.arena = arena};
    unsigned char digest[SIGNER_SECRET_BYTES];
    buffer_append_format(&signed_text, "%.*s.%lld.", STR_ARGS(id), (long long)timestamp);
    buffer_append(&signed_text, body);
    if (buffer_failed(&signed_text)) return STR_NONE;
    for (size_t i = 0; i < count; i++) {
        hmac(secrets[i].bytes, secrets[i].len, buffer_str(&signed_text), digest);
        buffer_append(&out, i > 0 ? STR(" v1,") : STR("v1,"));
        append_base64(&out, digest);
    }
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
