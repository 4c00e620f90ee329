extension Fault {
    static let apiFaults: [Fault] = [
        everywhere("api-500", "every path answers 500", Answer.json(#"{"error":"boom"}"#, status: 500)),
        everywhere("api-503-maintenance", "every path answers 503 with Retry-After", maintenance),
        everywhere("api-html", "every path answers 200 with an HTML page", html),
        everywhere("api-empty", "every path answers 200 with nothing", Answer()),
        everywhere(
            "api-not-json", "every path answers 200 with half a JSON document", Answer.json(#"{"status":"ok","#)),
        everywhere("api-redirect-loop", "every path redirects to the health path", loop),
        everywhere("api-login-page", "every path redirects to a login on another path", Answer.redirect(to: "/login")),
        everywhere("api-slow", "every path answers after 12 s", Answer.json(#"{"status":"ok"}"#, delay: .seconds(12))),
        everywhere("api-silent", "connections are accepted and nothing is answered", Answer(body: .silence)),
        everywhere("api-cut", "bodies end before their announced length", cut),
        everywhere(
            "api-endless", "bodies never end",
            Answer(headers: json, body: .endless(Array(String(repeating: "{\"a\":[1,", count: 2000).utf8)))),
        proxy("api-refused", "nobody listens on the API's port", .refuse),
        proxy("api-hang", "the API's port accepts and never speaks TLS", .hang),
        proxy("api-garbage", "the API's port answers garbage instead of TLS", .garbage),
        figures("api-health-degraded", "the health path answers 200 with status degraded", "http.health", [.health]) {
            $0.answers["/health"] = .json(#"{"status":"degraded","database":"down"}"#)
        },
        figures("api-nulls", "all figures are null", "http.json", Place.api.subtracting([.health])) {
            ($0.online, $0.offline, $0.degraded) = ("null", "null", "null")
            ($0.p50, $0.p95, $0.p99, $0.successRate, $0.accuracy) = ("null", "null", "null", "null", "null")
        },
        figures("sensors-offline-20-percent", "120 of 600 sensors are offline", "http.json", [.sensors]) {
            ($0.online, $0.offline) = ("480", "120")
        },
        figures("sensors-offline-5-percent", "exactly 5 % of the sensors are offline", "http.json", [.sensors]) {
            ($0.online, $0.offline, $0.degraded) = ("570", "30", "0")
        },
        figures("sensors-none", "no sensor is online and none is offline", "http.json", [.sensors]) {
            ($0.online, $0.offline, $0.degraded) = ("0", "0", "0")
        },
        figures("latency-high", "the 95th percentile of latency is 2.4 s", "http.json", [.latency]) {
            ($0.p95, $0.p99) = ("2400", "3100")
        },
        figures("latency-elevated", "the 95th percentile of latency is 1000 ms", "http.json", [.latency]) {
            ($0.p95, $0.p99) = ("1000", "1400")
        },
        figures("latency-text", "the latencies are text with a unit", "http.json", [.latency]) {
            ($0.p50, $0.p95, $0.p99) = (#""182ms""#, #""640ms""#, #""910ms""#)
        },
        figures("success-rate-low", "the success rate is 88.4", "http.json", [.successRate]) {
            $0.successRate = "88.4"
        },
        figures("success-rate-as-fraction", "the success rate is 0.987 instead of 98.7", "http.json", [.successRate]) {
            $0.successRate = "0.987"
        },
        figures("accuracy-low", "the model's accuracy is 0.87", "http.json", [.accuracy]) { $0.accuracy = "0.87" },
        figures("accuracy-missing", "the model's accuracy is not in the answer", "http.json", [.accuracy]) {
            $0.accuracy = nil
        },
        figures("accuracy-stale", "the model was last evaluated 40 days ago", "http.json", [.accuracy]) {
            $0.evaluatedHoursAgo = 960
        },
        figures(
            "api-decimals", "healthy figures with decimals", "nothing: all is well", [.latency, .sensors], wrong: false
        ) {
            ($0.p50, $0.p95, $0.p99) = ("182.25", "640.5", "9.105e2")
            ($0.online, $0.offline) = ("570.0", "12.0")
        },
    ]

    private static let json = [("Content-Type", "application/json")]
    private static let html = Answer(
        headers: [("Content-Type", "text/html")], body: "<!doctype html><title>Welcome</title><h1>It works!</h1>")
    private static let maintenance = Answer(
        status: 503, headers: [("Retry-After", "120")] + json, body: #"{"error":"maintenance"}"#)
    private static let loop = Answer.redirect(to: "/v1/steam-trap/health")
    private static let cut = Answer(headers: json, body: .short(Array(#"{"status":"#.utf8), length: 400))

    private static func everywhere(_ name: String, _ summary: String, _ answer: Answer) -> Fault {
        figures(name, summary, "http.health and http.json", Place.api) { $0.everywhere = answer }
    }

    private static func proxy(_ name: String, _ summary: String, _ behaviour: FaultProxy.Behaviour) -> Fault {
        Fault(name, summary, seenBy: "http.health, http.json, tls.certificate", at: Place.api.union([.certificate])) {
            try $0.proxies.api.set(behaviour)
            $0.proxies.api.dropConnections()
        } heal: {
            try $0.proxies.api.set(.forward)
            $0.proxies.api.dropConnections()
        }
    }

    private static func figures(
        _ name: String, _ summary: String, _ seenBy: String, _ places: Set<Place>, wrong: Bool = true,
        _ change: @escaping @Sendable (inout SteamTrapAPI.Figures) -> Void
    ) -> Fault {
        Fault(name, summary, seenBy: seenBy, at: places, isWrong: wrong) {
            $0.api.spoil(name, change)
        } heal: {
            $0.api.heal(name)
        }
    }
}

extension FaultProxy.Behaviour {
    /// Neither TLS, nor PostgreSQL, nor Redis.
    static let garbage = Self(connection: .garbage(Array("SSH-2.0-OpenSSH_9.2\r\n\u{0}\u{1}\u{2}~~~~\r\n".utf8)))
}
