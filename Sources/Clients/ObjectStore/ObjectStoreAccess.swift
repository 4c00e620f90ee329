import ClientHTTP
import Host
import Maintenance

/// What one step may do with a bucket. Keys are whole: `key(_:)` puts the target's prefix before a name.
///
/// What could not be looked at throws `CouldNotLook`; a change that the store certainly did not make throws
/// `ChangeFailed`.
public struct ObjectStoreAccess: Sendable {
    let client: ObjectStoreClient
    let address: S3Address
    let purpose: Purpose
    let context: Context

    public var identity: String { address.identity }
    public var bucket: String { address.bucket }
    /// What the keys of the target begin with; empty, or as the plan has it.
    public var prefix: String { address.prefix }
    /// The store's clock, as of its last answer; `nil` before the first, and where it never says its time.
    public var clock: StoreClock? { client.clock }

    /// The key of a name under the target's prefix.
    public func key(_ name: String) -> String { address.prefix + name }

    /// The region in which the store says the bucket is.
    public func region() async throws -> String {
        let answer = try await look(S3Request(operation: .location, query: [("location", "")]))
        let text = try document(answer, root: "LocationConstraint").text
        return text.isEmpty ? "us-east-1" : text == "EU" ? "eu-west-1" : text
    }

    // MARK: - Requests

    /// A look: whatever goes wrong, nothing was seen.
    func look(_ request: S3Request, limit: Int = ObjectStoreLimits.document) async throws -> S3Answer {
        do { return try await send(request, limit: limit) } catch let failure as S3Failure {
            throw CouldNotLook(failure.cause)
        }
    }

    /// A change: what the store refused was not done; what it did not answer may be.
    func change(_ request: S3Request, limit: Int = ObjectStoreLimits.errorAnswer) async throws -> S3Answer {
        do { return try await send(request, limit: limit) } catch let failure as S3Failure {
            guard failure.isCertain else { throw CouldNotLook(failure.cause) }
            throw ChangeFailed(failure.cause)
        }
    }

    /// - Throws: `S3Failure` where the store answered with an error.
    func send(_ request: S3Request, limit: Int) async throws -> S3Answer {
        try await attempts(request) { call, transport in
            let answer = try await transport.send(call, in: context, limit: limit)
            let received = S3Answer(status: answer.status, headers: answer.headers, body: answer.body)
            observe(received, waited: answer.firstByte)
            note(request, received)
            return received
        }
    }

    /// Sends until there is an answer that another try would not better: again with renewed credentials, once, and with
    /// the right region, once; again after a pause, while the store is busy or a connection was lost.
    func attempts(
        _ request: S3Request, mayRepeat: () -> Bool = { true },
        _ exchange: (HTTPCall, HTTPTransport) async throws -> S3Answer
    ) async throws -> S3Answer {
        try check(request)
        var refused: AWSCredentials?
        var isCorrected = false
        var attempt = 1
        while true {
            let credentials = try await client.credentials(insteadOf: refused, in: context)
            let region = try await client.region(in: context)
            let answer: S3Answer
            do {
                answer = try await exchange(
                    call(request, credentials, region), client.transport(to: address.url(region: region)))
            } catch let error as CouldNotLook {
                guard request.isRepeatable, mayRepeat(), error.cause.code == .connectionLost,
                    try await pause(after: attempt)
                else {
                    note(request, "no answer: \(error.cause.sentence)")
                    throw error
                }
                attempt += 1
                continue
            }
            guard !(200...299).contains(answer.status) else { return answer }
            let failure = S3Failure(answer, to: request, at: address, clock: client.clock)
            if failure.isExpired, refused == nil {
                refused = credentials
            } else if failure.isElsewhere, !isCorrected, let right = failure.region, right != region {
                isCorrected = true
                client.correct(region: right)
            } else {
                // An error of the server's own may come after it has done what was asked.
                let didNothing = failure.status == 429 || failure.code == "SlowDown"
                guard failure.isBusy, request.isRepeatable || didNothing, try await pause(after: attempt, answer)
                else { throw failure }
                attempt += 1
            }
        }
    }

    private func check(_ request: S3Request) throws {
        guard purpose == .change || request.operation.method == "GET" || request.operation.method == "HEAD" else {
            throw CouldNotLook(
                .noPermission, "\(request.operation.words) alters something in \(identity), and a look must not.")
        }
        guard let key = request.key else { return }
        guard !key.isEmpty, key.utf8.count <= ObjectStoreLimits.key, S3Address.canBeSent(key) else {
            throw CouldNotLook(
                .notSupported, "A key is 1 to \(ObjectStoreLimits.key) bytes without `.` or `..` between slashes.")
        }
        guard purpose == .look || key.hasPrefix(address.prefix) else {
            throw ChangeFailed(.rejected, "The key lies outside of the target \(identity); it was left alone.")
        }
    }

    private func call(_ request: S3Request, _ credentials: AWSCredentials, _ region: String) throws -> HTTPCall {
        let endpoint = try client.transport(to: address.url(region: region)).endpoint
        let path = address.path(key: request.key)
        let query = AWSText.query(request.query)
        let headers = request.headers + [(name: "Host", value: endpoint.hostHeader)]
        let signed = SignatureV4(
            region: region, service: "s3", credentials: credentials, now: context.host.now()
        ).signed(
            .init(
                method: request.operation.method, path: endpoint.path + path, query: query, headers: headers,
                body: request.body))
        let hasBody = !request.body.isEmpty || request.operation.method == "PUT"
        return HTTPCall(
            request.operation.method, query.isEmpty ? path : "\(path)?\(query)", headers: signed,
            body: hasBody ? request.body : nil)
    }

    /// `false` where another try would be one too many, or would come too late.
    private func pause(after attempt: Int, _ answer: S3Answer? = nil) async throws -> Bool {
        guard attempt < ObjectStoreLimits.attempts else { return false }
        let longest = min(ObjectStoreLimits.longestPause, ObjectStoreLimits.pause * (1 << (attempt - 1)))
        // Between half and the whole of it, so that many clients do not come back at the same time.
        var pause = longest / 2 + longest / 2 * (Double(context.host.random() % 1000) / 1000)
        if let text = answer?.header("retry-after"), let seconds = Int(text), seconds >= 0 {
            pause = max(pause, .seconds(min(seconds, 3600)))
        }
        guard context.remaining > pause else { return false }
        try await context.host.sleep(pause)
        return true
    }

    // MARK: - What is kept of an answer

    func observe(_ answer: S3Answer, waited: Duration) {
        guard let date = answer.header("date").flatMap({ HTTPDate.instant($0) }) else { return }
        client.note(StoreClock(server: date, received: context.host.now(), waited: waited))
    }

    /// Bytes of objects are kept nowhere: only what the store says of them.
    private func note(_ request: S3Request, _ answer: S3Answer) {
        var text = "HTTP \(answer.status)"
        for name in ["content-length", "content-range", "etag", "last-modified", "x-amz-request-id"] {
            if let value = answer.header(name) { text += "\n\(name): \(value)" }
        }
        let isData = request.operation == .get && answer.status < 300
        note(
            request,
            text
                + (isData
                    ? "\nsha256: \(sha256Hex(answer.body))" : "\n\n" + String(decoding: answer.body, as: UTF8.self)))
    }

    func note(_ request: S3Request, _ answer: String) {
        context.evidence.note(source: identity, statement: request.statement(address.bucket), answer: answer.utf8)
    }

    /// The XML of an answer; the root's name is checked, for anything may answer 200.
    func document(_ answer: S3Answer, root: String) throws -> XMLElement {
        do {
            let document = try XMLDocument.parse(answer.body)
            guard document.name == root else {
                throw CouldNotLook(
                    .malformed, "\(identity) answered with another document than \(root): is it a store?")
            }
            return document
        } catch let problem as XMLProblem {
            throw CouldNotLook(.malformed, "\(identity) answered with \(problem.words).")
        }
    }

    func malformed(_ what: String) -> CouldNotLook { CouldNotLook(.malformed, "\(identity) answered with \(what).") }
}
