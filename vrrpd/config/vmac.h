// Which macvlans an instance gets, and what they are called where nobody said it.
#pragma once

#include <string>

#include "vrrpd/config/model.h"

namespace vrrpd::config {

// Of the instance itself: PREFIX.VRID, or PREFIX4.VRID, PREFIX6.VRID where an instance of `config` has that.
std::string vmac_name(const Config& config, const Instance& instance);

// use_vmac of an address, and with `all` (use_vmac_addr) every address on another interface or of another
// family than the instance's: fills in Instance::address_vmacs and AddressEntry::vmac. The instance's own
// VMAC has its name already.
void settle_address_vmacs(const Config& config, bool all, Instance& instance);

}  // namespace vrrpd::config
