#include "proxyd/net/ocsp_staple.h"

#include <openssl/ocsp.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "proxyd/net/tls_files.h"

namespace proxyd::net {

namespace {

using Response = std::unique_ptr<OCSP_RESPONSE, OpensslDeleter<OCSP_RESPONSE_free>>;
using Basic = std::unique_ptr<OCSP_BASICRESP, OpensslDeleter<OCSP_BASICRESP_free>>;

// Whoever asks after the end of its validity gets none, and asks the responder himself.
int on_status(SSL* ssl, void* argument) {
    const auto& response = *static_cast<const OcspStaple*>(argument);
    if (response.valid_until != 0 && std::time(nullptr) >= response.valid_until) return SSL_TLSEXT_ERR_NOACK;
    void* const copy = OPENSSL_memdup(response.bytes.data(), response.bytes.size());
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, response.bytes.size());
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

common::Result<std::unique_ptr<OcspStaple>> load_ocsp_staple(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return common::fail_errno(file);
    auto read = std::make_unique<OcspStaple>();
    read->bytes.assign(std::istreambuf_iterator<char>(in), {});
    const auto* at = reinterpret_cast<const unsigned char*>(read->bytes.data());
    const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(read->bytes.size())));
    if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return refuse_tls(file, "no good OCSP response");
    const Basic basic(OCSP_response_get1_basic(response.get()));
    OCSP_SINGLERESP* const single = basic ? OCSP_resp_get0(basic.get(), 0) : nullptr;
    if (single == nullptr) return refuse_tls(file, "no certificate's state in this OCSP response");
    ASN1_GENERALIZEDTIME* next = nullptr;
    OCSP_single_get0_status(single, nullptr, nullptr, nullptr, &next);
    std::tm end{};
    if (next != nullptr && ASN1_TIME_to_tm(next, &end) == 1) read->valid_until = ::timegm(&end);
    if (read->valid_until != 0 && read->valid_until <= std::time(nullptr))
        return refuse_tls(file, "this OCSP response is outdated");
    return read;
}

void staple(SSL_CTX* context, const OcspStaple& response) {
    SSL_CTX_set_tlsext_status_cb(context, on_status);
    SSL_CTX_set_tlsext_status_arg(context, const_cast<OcspStaple*>(&response));
}

}  // namespace proxyd::net
