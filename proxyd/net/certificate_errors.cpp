#include "proxyd/net/certificate_errors.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstdint>

#include "common/keyword_table.h"
#include "common/text.h"

namespace proxyd::net {

namespace {

struct ErrorRow {
    std::string_view name;
    int number;
};
#define PROXYD_ERROR(name)                     \
    ErrorRow {                                 \
        "X509_V_ERR_" #name, X509_V_ERR_##name \
    }
constexpr ErrorRow kErrors[] = {
    PROXYD_ERROR(UNSPECIFIED),
    PROXYD_ERROR(UNABLE_TO_GET_ISSUER_CERT),
    PROXYD_ERROR(UNABLE_TO_GET_CRL),
    PROXYD_ERROR(UNABLE_TO_DECRYPT_CERT_SIGNATURE),
    PROXYD_ERROR(UNABLE_TO_DECRYPT_CRL_SIGNATURE),
    PROXYD_ERROR(UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY),
    PROXYD_ERROR(CERT_SIGNATURE_FAILURE),
    PROXYD_ERROR(CRL_SIGNATURE_FAILURE),
    PROXYD_ERROR(CERT_NOT_YET_VALID),
    PROXYD_ERROR(CERT_HAS_EXPIRED),
    PROXYD_ERROR(CRL_NOT_YET_VALID),
    PROXYD_ERROR(CRL_HAS_EXPIRED),
    PROXYD_ERROR(ERROR_IN_CERT_NOT_BEFORE_FIELD),
    PROXYD_ERROR(ERROR_IN_CERT_NOT_AFTER_FIELD),
    PROXYD_ERROR(ERROR_IN_CRL_LAST_UPDATE_FIELD),
    PROXYD_ERROR(ERROR_IN_CRL_NEXT_UPDATE_FIELD),
    PROXYD_ERROR(OUT_OF_MEM),
    PROXYD_ERROR(DEPTH_ZERO_SELF_SIGNED_CERT),
    PROXYD_ERROR(SELF_SIGNED_CERT_IN_CHAIN),
    PROXYD_ERROR(UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
    PROXYD_ERROR(UNABLE_TO_VERIFY_LEAF_SIGNATURE),
    PROXYD_ERROR(CERT_CHAIN_TOO_LONG),
    PROXYD_ERROR(CERT_REVOKED),
    PROXYD_ERROR(NO_ISSUER_PUBLIC_KEY),
    PROXYD_ERROR(PATH_LENGTH_EXCEEDED),
    PROXYD_ERROR(INVALID_PURPOSE),
    PROXYD_ERROR(CERT_UNTRUSTED),
    PROXYD_ERROR(CERT_REJECTED),
    PROXYD_ERROR(SUBJECT_ISSUER_MISMATCH),
    PROXYD_ERROR(AKID_SKID_MISMATCH),
    PROXYD_ERROR(AKID_ISSUER_SERIAL_MISMATCH),
    PROXYD_ERROR(KEYUSAGE_NO_CERTSIGN),
    PROXYD_ERROR(UNABLE_TO_GET_CRL_ISSUER),
    PROXYD_ERROR(UNHANDLED_CRITICAL_EXTENSION),
    PROXYD_ERROR(KEYUSAGE_NO_CRL_SIGN),
    PROXYD_ERROR(UNHANDLED_CRITICAL_CRL_EXTENSION),
    PROXYD_ERROR(INVALID_NON_CA),
    PROXYD_ERROR(PROXY_PATH_LENGTH_EXCEEDED),
    PROXYD_ERROR(KEYUSAGE_NO_DIGITAL_SIGNATURE),
    PROXYD_ERROR(PROXY_CERTIFICATES_NOT_ALLOWED),
    PROXYD_ERROR(INVALID_EXTENSION),
    PROXYD_ERROR(INVALID_POLICY_EXTENSION),
    PROXYD_ERROR(NO_EXPLICIT_POLICY),
    PROXYD_ERROR(DIFFERENT_CRL_SCOPE),
    PROXYD_ERROR(UNSUPPORTED_EXTENSION_FEATURE),
    PROXYD_ERROR(UNNESTED_RESOURCE),
    PROXYD_ERROR(PERMITTED_VIOLATION),
    PROXYD_ERROR(EXCLUDED_VIOLATION),
    PROXYD_ERROR(SUBTREE_MINMAX),
    PROXYD_ERROR(APPLICATION_VERIFICATION),
    PROXYD_ERROR(UNSUPPORTED_CONSTRAINT_TYPE),
    PROXYD_ERROR(UNSUPPORTED_CONSTRAINT_SYNTAX),
    PROXYD_ERROR(UNSUPPORTED_NAME_SYNTAX),
    PROXYD_ERROR(CRL_PATH_VALIDATION_ERROR),
    PROXYD_ERROR(PATH_LOOP),
    PROXYD_ERROR(SUITE_B_INVALID_VERSION),
    PROXYD_ERROR(SUITE_B_INVALID_ALGORITHM),
    PROXYD_ERROR(SUITE_B_INVALID_CURVE),
    PROXYD_ERROR(SUITE_B_INVALID_SIGNATURE_ALGORITHM),
    PROXYD_ERROR(SUITE_B_LOS_NOT_ALLOWED),
    PROXYD_ERROR(SUITE_B_CANNOT_SIGN_P_384_WITH_P_256),
    PROXYD_ERROR(HOSTNAME_MISMATCH),
    PROXYD_ERROR(EMAIL_MISMATCH),
    PROXYD_ERROR(IP_ADDRESS_MISMATCH),
    PROXYD_ERROR(DANE_NO_MATCH),
    PROXYD_ERROR(EE_KEY_TOO_SMALL),
    PROXYD_ERROR(CA_KEY_TOO_SMALL),
    PROXYD_ERROR(CA_MD_TOO_WEAK),
    PROXYD_ERROR(INVALID_CALL),
    PROXYD_ERROR(STORE_LOOKUP),
    PROXYD_ERROR(NO_VALID_SCTS),
    PROXYD_ERROR(PROXY_SUBJECT_NAME_VIOLATION),
    PROXYD_ERROR(OCSP_VERIFY_NEEDED),
    PROXYD_ERROR(OCSP_VERIFY_FAILED),
    PROXYD_ERROR(OCSP_CERT_UNKNOWN),
    PROXYD_ERROR(UNSUPPORTED_SIGNATURE_ALGORITHM),
    PROXYD_ERROR(SIGNATURE_ALGORITHM_MISMATCH),
    PROXYD_ERROR(SIGNATURE_ALGORITHM_INCONSISTENCY),
    PROXYD_ERROR(INVALID_CA),
    PROXYD_ERROR(PATHLEN_INVALID_FOR_NON_CA),
    PROXYD_ERROR(PATHLEN_WITHOUT_KU_KEY_CERT_SIGN),
    PROXYD_ERROR(KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA),
    PROXYD_ERROR(ISSUER_NAME_EMPTY),
    PROXYD_ERROR(SUBJECT_NAME_EMPTY),
    PROXYD_ERROR(MISSING_AUTHORITY_KEY_IDENTIFIER),
    PROXYD_ERROR(MISSING_SUBJECT_KEY_IDENTIFIER),
    PROXYD_ERROR(EMPTY_SUBJECT_ALT_NAME),
    PROXYD_ERROR(EMPTY_SUBJECT_SAN_NOT_CRITICAL),
    PROXYD_ERROR(CA_BCONS_NOT_CRITICAL),
    PROXYD_ERROR(AUTHORITY_KEY_IDENTIFIER_CRITICAL),
    PROXYD_ERROR(SUBJECT_KEY_IDENTIFIER_CRITICAL),
    PROXYD_ERROR(CA_CERT_MISSING_KEY_USAGE),
    PROXYD_ERROR(EXTENSIONS_REQUIRE_VERSION_3),
    PROXYD_ERROR(EC_KEY_EXPLICIT_PARAMS),
};
#undef PROXYD_ERROR

// Errors fit into the bits of a pointer: no memory of our own hangs on a connection.
constexpr unsigned kAuthorityShift = 8, kDepthShift = 16;

int slot() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

}  // namespace

common::Result<CertificateErrors> parse_certificate_errors(std::string_view list) {
    CertificateErrors errors;
    if (list == "all") return errors.set();
    for (const std::string_view word : common::split(list, ',')) {
        const ErrorRow* row = common::find_row(std::span<const ErrorRow>(kErrors), word);
        const auto number = common::parse_number(word, 0, static_cast<long>(errors.size()) - 1);
        if (row == nullptr && !number)
            return common::fail(
                "'" + std::string(word) + "' is neither 'all' nor an error of certificates" +
                    common::did_you_mean(word, common::row_names(std::span<const ErrorRow>(kErrors))),
                common::Side::config);
        errors.set(static_cast<std::size_t>(row != nullptr ? row->number : *number));
    }
    return errors;
}

SeenErrors seen_errors(const ssl_st* connection) {
    const auto bits = reinterpret_cast<std::uintptr_t>(SSL_get_ex_data(connection, slot()));
    return {static_cast<int>(bits & 0xff), static_cast<int>(bits >> kAuthorityShift & 0xff),
            static_cast<int>(bits >> kDepthShift & 0xff)};
}

bool tolerate(x509_store_ctx_st* verification, const CertificateErrors& of_authority,
              const CertificateErrors& of_client) {
    auto* const connection =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const int error = X509_STORE_CTX_get_error(verification);
    const int depth = X509_STORE_CTX_get_error_depth(verification);
    SeenErrors seen = seen_errors(connection);
    if (depth == 0 && seen.certificate == 0) seen.certificate = error & 0xff;
    if (depth > 0 && seen.authority == 0) {
        seen.authority = error & 0xff;
        seen.authority_depth = std::min(depth, 0xff);
    }
    const auto bits = static_cast<std::uintptr_t>(seen.certificate) |
                      static_cast<std::uintptr_t>(seen.authority) << kAuthorityShift |
                      static_cast<std::uintptr_t>(seen.authority_depth) << kDepthShift;
    SSL_set_ex_data(connection, slot(), reinterpret_cast<void*>(bits));
    const CertificateErrors& ignored = depth > 0 ? of_authority : of_client;
    if (static_cast<std::size_t>(error) >= ignored.size() || !ignored.test(static_cast<std::size_t>(error)))
        return false;
    ERR_clear_error();
    return true;
}

}  // namespace proxyd::net
