// The low-level digests are deprecated since OpenSSL 3.0, but a SHA256_CTX is a plain struct
// that can be copied as a midstate, which the EVP interface cannot match in speed.
#pragma once
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Certificates for a test server. Much of the X509 interface is macros and variadic calls, which Swift
// cannot reach.

static inline EVP_PKEY *copenssl_p256_key(void) { return EVP_EC_gen("P-256"); }

/// 1 when the extension was added.
static inline int copenssl_extend(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!extension) return 0;
    int added = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

/// A certificate for 30 days, or NULL. Without `issuer` it is an authority that has signed itself;
/// `names` is a subjectAltName such as "DNS:localhost,IP:127.0.0.1".
static inline X509 *copenssl_certificate(
    EVP_PKEY *key, const char *common_name, const char *names, X509 *issuer, EVP_PKEY *issuer_key) {
    X509 *certificate = X509_new();
    uint64_t serial = 0;
    if (!certificate) return NULL;
    RAND_bytes((unsigned char *)&serial, sizeof serial);
    X509_NAME *subject = X509_get_subject_name(certificate);
    int ok = X509_set_version(certificate, 2) &&
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -300) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), 30L * 86400) &&
        X509_set_pubkey(certificate, key) &&
        X509_NAME_add_entry_by_txt(
            subject, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) &&
        X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
    X509 *signer = issuer ? issuer : certificate;
    ok = ok && copenssl_extend(certificate, signer, NID_subject_key_identifier, "hash");
    if (issuer) {
        ok = ok && copenssl_extend(certificate, signer, NID_basic_constraints, "critical,CA:FALSE") &&
            copenssl_extend(certificate, signer, NID_authority_key_identifier, "keyid:always") &&
            copenssl_extend(certificate, signer, NID_key_usage, "critical,digitalSignature") &&
            copenssl_extend(certificate, signer, NID_ext_key_usage, "serverAuth") &&
            copenssl_extend(certificate, signer, NID_subject_alt_name, names);
    } else {
        ok = ok && copenssl_extend(certificate, signer, NID_basic_constraints, "critical,CA:TRUE") &&
            copenssl_extend(certificate, signer, NID_key_usage, "critical,keyCertSign");
    }
    if (ok && X509_sign(certificate, issuer ? issuer_key : key, EVP_sha256())) return certificate;
    X509_free(certificate);
    return NULL;
}

static inline void copenssl_set_partial_writes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}
static inline int copenssl_only_tls13(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
}
static int copenssl_select_http11(
    SSL *session, const unsigned char **chosen, unsigned char *length, const unsigned char *offered,
    unsigned int offered_length, void *context) {
    static const unsigned char http11[] = "\x08http/1.1";
    (void)session;
    (void)context;
    unsigned char *found = NULL;
    int result = SSL_select_next_proto(
        &found, length, http11, sizeof http11 - 1, offered, offered_length);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}
/// Agrees on http/1.1 with a client that offers protocols, and refuses one that offers only others
/// (RFC 7301 section 3.2).
static inline void copenssl_speak_http11(SSL_CTX *context) {
    SSL_CTX_set_alpn_select_cb(context, copenssl_select_http11, NULL);
}
/// How many handshakes of a server have ended well, and how many began from an earlier session.
static inline long copenssl_handshakes(SSL_CTX *context) { return SSL_CTX_sess_accept_good(context); }
static inline long copenssl_resumptions(SSL_CTX *context) { return SSL_CTX_sess_hits(context); }
/// The PEM text in memory of the BIO, and its length.
static inline long copenssl_memory(BIO *bio, char **text) { return BIO_get_mem_data(bio, text); }
