/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/proxies.hpp"

#include <string>

namespace {

std::string variable(const char* name, bool in_capitals = true) {
  const char* value = g_getenv(name);
  g_autofree char* capitals = g_ascii_strup(name, -1);
  if ((!value || !*value) && in_capitals) value = g_getenv(capitals);
  return value ? value : "";
}

/** "host:port" is one of http. */
std::string uri_of(const std::string& proxy) {
  return proxy.empty() || proxy.find("://") != std::string::npos ? proxy : "http://" + proxy;
}

/** "a.org, .b.org, *" as GSimpleProxyResolver has it. */
GStrv hosts_of(const std::string& list) {
  g_auto(GStrv) words = g_strsplit_set(list.c_str(), ", ", -1);
  g_autoptr(GStrvBuilder) hosts = g_strv_builder_new();
  for (char** word = words; *word; ++word) {
    if (!**word) continue;
    g_strv_builder_add(hosts, *word);
    // With what is below it.
    if (**word == '.' || **word == '*' || g_hostname_is_ip_address(*word)) continue;
    g_autofree char* below = g_strconcat(".", *word, nullptr);
    g_strv_builder_add(hosts, below);
  }
  return g_strv_builder_end(hosts);
}

}  // namespace

GProxyResolver* proxies_of_environment() {
  const std::string all = uri_of(variable("all_proxy"));
  // HTTP_PROXY is what a web server calls a header of its client's.
  const std::string http = uri_of(variable("http_proxy", false)), https = uri_of(variable("https_proxy"));
  if (all.empty() && http.empty() && https.empty()) return nullptr;
  const std::string without = variable("no_proxy");
  if (without == "*") return g_simple_proxy_resolver_new(nullptr, nullptr);
  g_auto(GStrv) hosts = hosts_of(without);
  GProxyResolver* resolver = g_simple_proxy_resolver_new(all.empty() ? nullptr : all.c_str(), hosts);
  auto* simple = G_SIMPLE_PROXY_RESOLVER(resolver);
  if (!http.empty()) g_simple_proxy_resolver_set_uri_proxy(simple, "http", http.c_str());
  if (!https.empty()) g_simple_proxy_resolver_set_uri_proxy(simple, "https", https.c_str());
  return resolver;
}
