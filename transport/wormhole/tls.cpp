#include "transport/wormhole/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "transport/http/address.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr std::size_t kTlsReadBytes = 16u << 10;

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "TLS failed" : std::string("TLS: ") + reason;
}

}  // namespace

void Tls::FreeContext::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}
void Tls::FreeSession::operator()(ssl_st* session) const {
  SSL_free(session);
}

Result<Tls> Tls::begin(const std::string& host, const std::string& ca_file) {
  Tls tls;
  tls.context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = tls.context_.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_default_verify_paths(context) != 1) {
    return fail(ErrorCode::network_failed, openssl_reason());
  }
  if (!ca_file.empty() && SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    return fail(ErrorCode::usage, "no certificate in PEM: " + ca_file);
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  tls.session_.reset(SSL_new(context));
  SSL* session = tls.session_.get();
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (session == nullptr || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return fail(ErrorCode::network_failed, openssl_reason());
  }
  SSL_set_bio(session, in, out);
  SSL_set_connect_state(session);
  const bool named =
      http::parse_address(host)
          ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1
          : SSL_set1_host(session, host.c_str()) == 1 && SSL_set_tlsext_host_name(session, host.c_str()) == 1;
  if (!named) return fail(ErrorCode::network_failed, openssl_reason());
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return tls;
}

void Tls::take_wire(ByteView bytes) {
  BIO_write(SSL_get_rbio(session_.get()), bytes.data(), static_cast<int>(bytes.size()));
}

Bytes Tls::wire() {
  BIO* out = SSL_get_wbio(session_.get());
  Bytes bytes(BIO_ctrl_pending(out));
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

Result<bool> Tls::shake_hands() {
  ERR_clear_error();
  const int done = SSL_do_handshake(session_.get());
  if (done == 1) return true;
  if (SSL_get_error(session_.get(), done) == SSL_ERROR_WANT_READ) return false;
  const long verdict = SSL_get_verify_result(session_.get());
  if (verdict != X509_V_OK) {
    return fail(ErrorCode::network_failed,
                std::string("the certificate is refused: ") + X509_verify_cert_error_string(verdict));
  }
  return fail(ErrorCode::network_failed, openssl_reason());
}

Result<Bytes> Tls::read() {
  ERR_clear_error();
  Bytes bytes(kTlsReadBytes);
  const int count = SSL_read(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (count > 0) {
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }
  switch (SSL_get_error(session_.get(), count)) {
    case SSL_ERROR_WANT_READ:
      return Bytes();
    case SSL_ERROR_ZERO_RETURN:
      return fail(ErrorCode::network_failed, "the other side ended the connection");
    default:
      return fail(ErrorCode::network_failed, openssl_reason());
  }
}

Status Tls::write(ByteView bytes) {
  ERR_clear_error();
  if (bytes.empty()) return ok();
  // Into memory, so all of it.
  if (SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
    return fail(ErrorCode::network_failed, openssl_reason());
  }
  return ok();
}

void Tls::say_goodbye() {
  ERR_clear_error();
  SSL_shutdown(session_.get());
}

}  // namespace countersign::transport::wormhole
