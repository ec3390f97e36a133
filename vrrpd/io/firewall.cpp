#include "vrrpd/io/firewall.h"

#include <dlfcn.h>

#include <memory>

namespace vrrpd::io {
namespace {

// The few functions of <nftables/libnftables.h> that are needed; its interface is stable since version 1 of
// the library.
struct nft_ctx;
struct Library {
    nft_ctx* (*open)(std::uint32_t) = nullptr;
    void (*close)(nft_ctx*) = nullptr;
    int (*buffer_output)(nft_ctx*) = nullptr;
    int (*buffer_error)(nft_ctx*) = nullptr;
    const char* (*error_text)(nft_ctx*) = nullptr;
    int (*run)(nft_ctx*, const char*) = nullptr;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

common::Result<Library> load() {
    void* handle = ::dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        return common::fail(std::string("cannot load libnftables (Debian package libnftables1): ") +
                            ::dlerror());
    }
    Library library;
    if (find(handle, "nft_ctx_new", library.open) && find(handle, "nft_ctx_free", library.close) &&
        find(handle, "nft_ctx_buffer_output", library.buffer_output) &&
        find(handle, "nft_ctx_buffer_error", library.buffer_error) &&
        find(handle, "nft_ctx_get_error_buffer", library.error_text) &&
        find(handle, "nft_run_cmd_from_buffer", library.run)) {
        return library;
    }
    return common::fail("libnftables lacks a function that is needed");
}

}  // namespace

common::Result<> run_nft(const std::string& script) {
    static const common::Result<Library> library = load();
    if (!library) return std::unexpected(library.error());
    const auto close = [](nft_ctx* context) { library->close(context); };
    const std::unique_ptr<nft_ctx, decltype(close)> context(library->open(0), close);
    if (!context) return common::fail("cannot open libnftables");
    library->buffer_output(context.get());
    library->buffer_error(context.get());
    if (library->run(context.get(), script.c_str()) == 0) return {};
    std::string text = library->error_text(context.get());
    text.resize(std::min(text.find('\n'), text.size()));
    return common::fail("nftables: " + text);
}

}  // namespace vrrpd::io
