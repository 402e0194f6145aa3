/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/**
 * Who says over which proxy an address is reached, as http_proxy, https_proxy, all_proxy and no_proxy ask for it (also
 * in capitals, but for http_proxy): GLib's own depends on modules that need not be installed. Null where none of them
 * is set.
 */
GProxyResolver* proxies_of_environment();
