import ActionsHTTP
import Host
import Maintenance
import Sandbox
import Testing

struct HTTPJSONTests {
    private func read(
        _ document: String, _ parameters: String, status: Int = 200, now: Instant? = nil
    ) async throws -> Look.Outcome {
        let server = try StandInServer()
        server.on("/v1/doc", .json(document, status: status))
        let path = parameters.replacing("{", with: #"{"path": "doc", "#, maxReplacements: 1)
        return try await Look.at(server.url("/v1"), "http.json", path, now: now)
    }

    @Test func numbersBecomeMeasurements() async throws {
        let document = #"{"p50_latency_ms": 120, "p95": {"value": 812.5}, "p99": ["x", "1.5e3"], "p95/99~": -0.5}"#
        let parameters = """
            {"values": {"p50": "p50_latency_ms", "p95": {"at": "/p95/value", "unit": "ms"}, "p99": "/p99/1",
              "odd": {"at": "/p95~199~0", "unit": "%"}}}
            """
        let outcome = try await read(document, parameters)
        #expect(outcome.word == "well")
        #expect(
            outcome.observation?.measurements.sorted { $0.name < $1.name } == [
                Measurement("odd", -0.5, .percent), Measurement("p50", 120), Measurement("p95", 812.5, .milliseconds),
                Measurement("p99", 1500),
            ])
        #expect(outcome.observation?.details.count == 4)
    }

    @Test(arguments: [
        (#"{"other": 1}"#, "unknown no-data"), (#"{"rate": null}"#, "unknown no-data"),
        (#"{"rate": "fast"}"#, "unknown malformed"), (#"{"rate": "12 ms"}"#, "unknown malformed"),
        (#"{"rate": "0x1F"}"#, "unknown malformed"), (#"{"rate": "NaN"}"#, "unknown malformed"),
        (#"{"rate": "inf"}"#, "unknown malformed"), (#"{"rate": ""}"#, "unknown malformed"),
        (#"{"rate": true}"#, "unknown malformed"), (#"{"rate": [1]}"#, "unknown malformed"),
        (#"{"rate": {"value": 1}}"#, "unknown malformed"), (#"{"rate": NaN}"#, "unknown malformed"),
        (#"{"rate": 1e999}"#, "unknown malformed"), (#"{"rate": 1, "rate": 99}"#, "unknown malformed"),
        ("<html><body>ok</body></html>", "unknown malformed"), ("", "unknown no-data"), ("   ", "unknown malformed"),
        (#"{"rate": 97"#, "unknown malformed"), ("[]", "unknown no-data"), ("97", "unknown no-data"),
        (#"{"rate": 97}"#, "well"), (#"{"rate": "97.25"}"#, "well"), ("\u{FEFF}{\"rate\": 97}", "well"),
    ])
    func whatADocumentMaySay(document: String, word: String) async throws {
        let outcome = try await read(document, #"{"values": {"success": {"at": "rate", "unit": "%"}}}"#)
        #expect(outcome.word == word, "\(outcome.sentence)")
        if word != "well", let observation = outcome.observation {
            #expect(observation.measurements.isEmpty && outcome.missing == ["success"])
            #expect(observation.findings.allSatisfy { $0.severity == .unknown })
        }
    }

    @Test(arguments: [
        (503, "unknown wrong-status"), (404, "unknown wrong-status"), (204, "unknown wrong-status"),
        (401, "unknown no-permission"), (302, "unknown wrong-status"),
    ])
    func onlyADocumentIsADocument(status: Int, word: String) async throws {
        #expect(try await read(#"{"rate": 97}"#, #"{"values": {"rate": "rate"}}"#, status: status).word == word)
    }

    @Test func hostileDocuments() async throws {
        let deep = String(repeating: "[", count: 500_000)
        #expect(try await read(deep, #"{"values": {"a": "a"}}"#).word == "unknown too-large")
        let objects = String(repeating: #"{"a":"#, count: 100_000)
        #expect(try await read(objects, #"{"values": {"a": "a"}}"#).word == "unknown too-large")
        let many = "[" + String(repeating: "1,", count: 300_000) + "1]"
        #expect(try await read(many, #"{"values": {"a": "/0"}}"#).word == "unknown too-large")
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: .endless(Array(String(repeating: "[1,", count: 10_000).utf8))) }
        #expect(try await Look.at(server.url(), "http.json", #"{"values": {"a": "a"}}"#).word == "unknown too-large")
    }

    @Test func whatCannotBeReachedIsUnknownHere() async throws {
        let refused = try FaultProxy(to: 1, behaviour: .refuse)
        #expect(
            try await Look.at("http://127.0.0.1:\(refused.port)/", "http.json", #"{"values": {"a": "a"}}"#).word
                == "unknown refused")
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: .silence) }
        let silent = try await Look.at(
            server.url(), "http.json", #"{"values": {"a": "a"}}"#, patience: .milliseconds(200))
        #expect(silent.word == "unknown timed-out")
    }

    @Test(arguments: [
        ("97.5", "well"), ("0", "well"), ("100", "well"), ("0.97", "unknown out-of-range"),
        ("1", "unknown out-of-range"),
        ("100.1", "unknown out-of-range"), ("-1", "unknown out-of-range"),
    ])
    func percentages(number: String, word: String) async throws {
        let outcome = try await read(
            #"{"rate": \#(number)}"#, #"{"values": {"success": {"at": "rate", "expect": "percent"}}}"#)
        #expect(outcome.word == word)
        if word == "well" { #expect(outcome.observation?.measurements.first?.unit == .percent) }
    }

    @Test func scalesAndRanges() async throws {
        let fraction = #"{"values": {"success": {"at": "rate", "expect": "percent", "scale": 100}}}"#
        #expect(try await read(#"{"rate": 0.97}"#, fraction).observation?.measurements.first?.value == 97)
        #expect(try await read(#"{"rate": 97}"#, fraction).word == "unknown out-of-range")
        let least = #"{"values": {"n": {"at": "n", "min": 0, "max": 10}}}"#
        for (number, word) in [
            ("-1", "unknown out-of-range"), ("0", "well"), ("10", "well"), ("10.01", "unknown out-of-range"),
        ] {
            #expect(try await read(#"{"n": \#(number)}"#, least).word == word)
        }
    }

    @Test func whatMustNotDecrease() async throws {
        let parameters = #"{"values": {"p50": "a", "p95": "b", "p99": "c"}, "ordered": ["p50", "p95", "p99"]}"#
        #expect(try await read(#"{"a": 1, "b": 1, "c": 2}"#, parameters).word == "well")
        let wrong = try await read(#"{"a": 1, "b": 3, "c": 2}"#, parameters)
        #expect(wrong.word == "unknown malformed" && wrong.sentence.contains("`p95` is above `p99`"))
        #expect(wrong.observation?.measurements.isEmpty == true && wrong.observation?.missing.count == 3)
        let missing = try await read(#"{"a": 1, "c": 2}"#, parameters)
        #expect(missing.observation?.measurements.map(\.name) == ["p50", "p99"])
    }

    private static let sensors = """
        {"values": {"online": {"at": "on", "min": 0}, "offline": {"at": "off", "min": 0}},
         "computed": {"offline_percent": {"formula": "100 * offline / (online + offline)", "unit": "%"}}}
        """

    @Test func computedValues() async throws {
        let outcome = try await read(#"{"on": 93, "off": 7}"#, Self.sensors)
        #expect(outcome.observation?.measurements.last == Measurement("offline_percent", 7, .percent))
        let none = try await read(#"{"on": 0, "off": 0}"#, Self.sensors)
        #expect(none.word == "unknown no-data" && none.sentence.contains("`(online + offline)` is 0"))
        #expect(none.missing == ["offline_percent"])
        let half = try await read(#"{"on": 93}"#, Self.sensors)
        #expect(half.word == "unknown no-data" && half.observation?.findings.count == 1)
        #expect(half.missing == ["offline", "offline_percent"])
        let negative = try await read(#"{"on": 93, "off": -7}"#, Self.sensors)
        #expect(negative.observation?.missing["offline_percent"]?.code.rawValue == "out-of-range")
    }

    @Test(arguments: [
        (#""2026-11-20T12:00:00Z""#, "well"), (#""2026-11-13T12:00:01Z""#, "well"),
        (#""2026-11-13T11:59:59Z""#, "unknown stale"), (#""2026-11-21T14:03:00+02:00""#, "well"),
        (#""2026-11-21T12:06:00Z""#, "unknown malformed"), ("1795262400", "well"), ("1795262400000", "well"),
        ("\"1795262400\"", "well"), ("0", "unknown malformed"), (#""yesterday""#, "unknown malformed"),
        (#""2026-11-20 12:00:00""#, "unknown malformed"), ("null", "unknown no-data"), ("1e300", "unknown malformed"),
        ("true", "unknown malformed"),
    ])
    func freshness(time: String, word: String) async throws {
        let now = try #require(Instant("2026-11-21T12:00:00Z"))
        let parameters = #"{"values": {"accuracy": "accuracy"}, "fresh": {"at": "/evaluated_at", "within": "8 days"}}"#
        let outcome = try await read(#"{"accuracy": 0.9, "evaluated_at": \#(time)}"#, parameters, now: now)
        #expect(outcome.word == word, "\(outcome.sentence)")
        #expect(try await read(#"{"accuracy": 0.9}"#, parameters, now: now).word == "unknown no-data")
    }

    @Test func itsMeasurementsAreKnownBeforeItRuns() throws {
        let configured = try Look.configured("http.json", Self.sensors)
        #expect(configured.measurements.map(\.name) == ["offline", "online", "offline_percent"])
        #expect(configured.measurements.map(\.unit) == [.count, .count, .percent])
        let health = try Look.configured("http.health", "{}")
        #expect(health.measurements.map(\.name) == ["status", "latency", "body"])
        let condition = try Condition("offline_percent >= 1s")
        let units = Dictionary(uniqueKeysWithValues: configured.measurements.map { ($0.name, $0.unit) })
        #expect(condition.mistakes { units[$0] } == ["`>=` compares a share with a time"])
    }

    @Test(arguments: [
        ("{}", "http.json needs the parameter `values`"), (#"{"values": {}}"#, "no value is named"),
        (#"{"values": {"a b": "x"}}"#, "a measurement's name is"),
        (#"{"values": {"and": "x"}}"#, "a measurement's name is"),
        (#"{"values": {"a": ""}}"#, "the place is empty"), (#"{"values": {"a": "/x~2"}}"#, "after `~` stands"),
        (#"{"values": {"a": {"unit": "ms"}}}"#, "needs the parameter `at`"),
        (#"{"values": {"a": {"at": "x", "unit": "parsec"}}}"#, "`parsec` is not a unit"),
        (#"{"values": {"a": {"at": "x", "mini": 1}}}"#, "did you mean `min`?"),
        (#"{"values": {"a": {"at": "x", "min": 2, "max": 1}}}"#, "above the largest"),
        (#"{"values": {"a": {"at": "x", "scale": 0}}}"#, "the scale is 0"),
        (#"{"values": {"a": "x"}, "computed": {"b": "a +"}}"#, "a number or a name is expected"),
        (#"{"values": {"online": "x"}, "computed": {"b": "onlin + 1"}}"#, "did you mean `online`?"),
        (#"{"values": {"a": "x"}, "computed": {"a": "a + 1"}}"#, "read already"),
        (#"{"values": {"a": "x"}, "ordered": ["a", "b"]}"#, "`b` is not among `values`"),
        (#"{"values": {"a": "x", "b": {"at": "y", "unit": "s"}}, "ordered": ["a", "b"]}"#, "has another unit"),
        (#"{"values": {"a": "x"}, "fresh": {"at": "t"}}"#, "needs the parameter `within`"),
    ])
    func mistakes(parameters: String, message: String) throws {
        let mistakes = try Look.mistakes("http.json", parameters)
        #expect(mistakes.count == 1 && mistakes.first?.contains(message) == true, "\(mistakes)")
    }
}
