// Connected descriptors whose input is of interest only if that lasts: they join the reactor's set after ten
// to twenty milliseconds. A connection that carries one quick request never does, which spares it epoll_ctl
// and what the set costs when it closes. Worker's thread only.
#pragma once

#include <boost/intrusive/list.hpp>

#include "proxyd/net/deadline.h"

namespace proxyd::net {

class Worker;

// Base of Watch.
class Latecomer
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
    virtual void join_late() = 0;  // leaves the list

 protected:
    ~Latecomer() = default;
};

class Latecomers {
 public:
    Latecomers(const Worker& worker, DeadlineWheel& wheel);
    void add(Latecomer& latecomer);  // until it joins, or closes

 private:
    using List = boost::intrusive::list<Latecomer, boost::intrusive::constant_time_size<false>>;
    void turn();

    const Worker& worker_;
    List young_, old_;  // since the last turn, and before
    Deadline next_;
};

}  // namespace proxyd::net
