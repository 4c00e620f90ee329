import ClientHTTP
import Host
import Maintenance

/// The endpoint's availability is the very subject here, so that refused, timed out and 5xx are `fail`.
struct HTTPHealth: Check {
    typealias Kind = HTTPKind

    static let declaration = Declaration(
        name: "http.health",
        summary: "Asks an endpoint and expects a status; an endpoint that does not answer fails.",
        measurements: [
            MeasurementDeclaration("status", .count, "The status that was answered.", aggregate: .last),
            MeasurementDeclaration(
                "latency", .milliseconds, "From the request until the head of the answer.", aggregate: .largest),
            MeasurementDeclaration("body", .bytes, "Bytes of the body that were read.", aggregate: .last),
        ],
        timeout: .seconds(15),
        applies: "Any HTTP endpoint.",
        example: """
            path: health
            expect: [200]
            body-contains: '"status":"ok"'
            max-latency: 1s
            """,
        looksByItself: true)

    static var parameters: [Parameter<HTTPHealth>] {
        [
            .optional("path", \.path, default: "", "The path under the target's base URL."),
            .optional("expect", \.expect, default: [200], "The statuses that are well."),
            .optional("body-contains", \.bodyContains, default: nil, "A text that the body must hold."),
            .optional("max-latency", \.maxLatency, default: nil, "The longest time until the head of the answer."),
        ]
    }

    var path = ""
    var expect = [200]
    var bodyContains: String?
    var maxLatency: Duration?

    func validate() throws(ValueError) {
        guard !expect.isEmpty, expect.allSatisfy({ (100...599).contains($0) }) else {
            throw ValueError("a status is a number from 100 to 599", path: ["expect"])
        }
        guard bodyContains?.isEmpty != true else { throw ValueError("the text is empty", path: ["body-contains"]) }
    }

    func observe(_ access: HTTPAccess, in context: Context) async throws -> Observation {
        let answer: HTTPAnswer
        do {
            answer = try await access.get(path, oversize: .cut)
        } catch let error as CouldNotLook {
            guard Self.isUnavailability(error.cause) else { throw error }
            return Observation(
                summary: error.cause.sentence,
                missing: Dictionary(uniqueKeysWithValues: Self.declaration.measurements.map { ($0.name, error.cause) }),
                findings: [Finding(access.identity, .fail, error.cause)])
        }
        var findings: [Finding] = []
        if !expect.contains(answer.status) {
            findings.append(Finding(access.identity, .fail, wrongStatus(answer), advice: Self.advice(answer.status)))
        } else {
            if let finding = text(answer, at: access.identity) { findings.append(finding) }
            if let maxLatency, answer.firstByte > maxLatency {
                let cause = Cause(
                    .threshold,
                    "It answered after \(milliseconds(answer.firstByte)); \(maxLatency.shortText) is allowed.")
                findings.append(Finding(access.identity, .fail, cause))
            }
        }
        return Observation(
            summary: "answered \(answer.status) after \(milliseconds(answer.firstByte))",
            measurements: [
                Measurement("status", answer.status),
                Measurement("latency", answer.firstByte.inSeconds * 1000, .milliseconds),
                Measurement("body", answer.body.count, .bytes),
            ],
            findings: findings)
    }

    /// What says something about the endpoint; a network or a file of ours that is missing does not.
    private static func isUnavailability(_ cause: Cause) -> Bool {
        [.refused, .unreachable, .timedOut, .tlsFailed, .connectionLost, .malformed].contains(cause.code)
    }

    private func wrongStatus(_ answer: HTTPAnswer) -> Cause {
        let expected = expect.map(String.init).joined(separator: " or ")
        if let target = answer.redirectTarget {
            return Cause(.wrongStatus, "It redirects (\(answer.status)) to \(target), where \(expected) is expected.")
        }
        return Cause(.wrongStatus, "It answered \(answer.status), where \(expected) is expected.")
    }

    private static func advice(_ status: Int) -> String? {
        switch status {
        case 401, 403: "Check the target's credentials: the endpoint refuses whoever asks."
        case 404: "Check the path: the endpoint does not know it."
        case 300...399: "Name the address it redirects to, or expect this status."
        default: nil
        }
    }

    private func text(_ answer: HTTPAnswer, at subject: String) -> Finding? {
        guard let bodyContains else { return nil }
        if answer.body.contains(Array(bodyContains.utf8)) { return nil }
        if answer.bodyIsCut {
            let cause = Cause(.tooLarge, "The text was not found in the body's first \(answer.body.count) bytes.")
            return Finding(subject, .unknown, cause)
        }
        return Finding(subject, .fail, Cause(.wrongBody, "The body does not hold the expected text."))
    }

    private func milliseconds(_ duration: Duration) -> String { "\(duration.microseconds / 1000) ms" }
}

extension Cause.Code {
    /// The endpoint answered, and with another status than expected.
    static let wrongStatus = Cause.Code(rawValue: "wrong-status")
    /// The endpoint answered, and its body lacks what is expected.
    static let wrongBody = Cause.Code(rawValue: "wrong-body")
}
