#include "config/embedded.hpp"

#include <string_view>

namespace sluice::config {
namespace {

// The page stands inside a JSON string, so it is written with single quotes and without line
// breaks.
constexpr std::string_view welcome_page =
    "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Sluice</title>"
    "<style>body{font:16px/1.5 sans-serif;max-width:44em;margin:3em auto;padding:0 1em}"
    "pre{background:#f2f2f2;padding:.8em;overflow:auto}</style></head><body>"
    "<h1>Sluice is running</h1>"
    "<p>This page is an answer of the gateway itself. Try next:</p>"
    "<pre>curl -i http://127.0.0.1:8080/health\\n"
    "curl -i http://127.0.0.1:8080/echo/hello   # proxied to a built-in upstream\\n"
    "curl http://127.0.0.1:9901/status          # what the gateway says about itself</pre>"
    "<p>Then write a file of your own, say <code>sluice.json</code>:</p>"
    "<pre>{\\n"
    "  &quot;listeners&quot;: [ { &quot;address&quot;: &quot;127.0.0.1:8080&quot; } ],\\n"
    "  &quot;routes&quot;: [ { &quot;match&quot;: { &quot;path&quot;: &quot;/*rest&quot; }, "
    "&quot;cluster&quot;: &quot;api&quot; } ],\\n"
    "  &quot;clusters&quot;: [ { &quot;name&quot;: &quot;api&quot;, "
    "&quot;endpoints&quot;: [ { &quot;address&quot;: &quot;127.0.0.1:3000&quot; } ] } ]\\n"
    "}</pre>"
    "<pre>sluice check sluice.json\\nsluice run -c sluice.json</pre>"
    "<p><code>sluice config docs</code> prints every key.</p></body></html>\\n";

}  // namespace

std::string default_config(std::uint16_t echo_port) {
    std::string text = R"({
  "listeners": [ { "name": "web", "address": "127.0.0.1:8080" } ],
  "admin": { "address": "127.0.0.1:9901" },
  "routes": [
    { "name": "welcome", "match": { "path": "/" },
      "respond": { "headers": { "Content-Type": "text/html; charset=utf-8" }, "body": ")";
    text += welcome_page;
    text += R"(" } },
    { "name": "health", "match": { "path": "/health" },
      "respond": { "status": 200, "body": "ok\n" } },
    { "name": "echo", "match": { "path": "/echo/*rest" }, "cluster": ")";
    text += echo_cluster;
    text += R"(" }
  ],
  "clusters": [ { "name": ")";
    text += echo_cluster;
    text +=
        R"(", "endpoints": [ { "address": "127.0.0.1:)" + std::to_string(echo_port) + R"(" } ] } ]
}
)";
    return text;
}

}  // namespace sluice::config
