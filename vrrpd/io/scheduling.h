// What lets the keeper run when the machine is busy, and what it gives up once it runs.
#pragma once

#include "common/error.h"
#include "vrrpd/config/model.h"

namespace vrrpd::io {

// vrrp_rt_priority, vrrp_priority, vrrp_no_swap. With adverts below a second and no setting of its own,
// real-time scheduling of the lowest priority is tried quietly. Call it after the helper process was forked.
common::Result<> apply_scheduling(const config::Config& config);

// Keeps CAP_NET_ADMIN and CAP_NET_RAW for the network, CAP_DAC_OVERRIDE for files at a reload, CAP_SYS_NICE;
// drops the rest, for ever. Without root nothing happens. Call it after the helper process was forked:
// scripts need setuid.
common::Result<> drop_capabilities();

}  // namespace vrrpd::io
