import ClientHTTP
import Host
import Maintenance

/// How a watch goes: connected, broken off, silent, overtaken by the API's forgetting, and on.
struct WatchCourse {
    private let watch: KubernetesWatch
    private var version: String
    private var known: KnownObjects
    private var told: [KubernetesEvent] = []
    private var stream: WatchStream?
    private var request: KubernetesRequest?
    private var report: WatchReport?
    /// By the steady clock: when the last sign of life came on this connection.
    private var lastSign: Duration = .zero
    private var failures = 0
    private var silences = 0
    private var unreadable = 0
    private var needsList = false
    private var lastCause: Cause?

    private var access: KubernetesAccess { watch.access }
    private var context: Context { watch.access.context }
    private var host: Host { watch.access.context.host }

    init(_ watch: KubernetesWatch) {
        self.watch = watch
        version = watch.list.resourceVersion
        known = KnownObjects(watch.list.objects)
        // Without an instant to begin at, only a list tells where things stand.
        needsList = version.isEmpty
    }

    /// The next event; never `nil`.
    mutating func next() async throws -> KubernetesEvent? {
        while told.isEmpty {
            try Task.checkCancellation()
            guard context.remaining > .zero else { throw overdue() }
            do {
                try await advance()
            } catch let error as CancellationError {
                close()
                throw error
            } catch {
                close()
                try Task.checkCancellation()
                try await recover(from: error)
            }
        }
        return told.removeFirst()
    }

    /// Lists, connects, or takes a line: one step on.
    private mutating func advance() async throws {
        if needsList { return try await listAnew() }
        guard let stream else { return try await connect() }
        let silence = KubernetesLimits.silence - (host.steady() - lastSign)
        // No longer than the step may take; the loop above then ends the watch.
        let patience = min(max(.zero, silence), context.remaining)
        switch try await stream.next(within: patience, on: host) {
        case .line(let line): try read(line)
        case .end:
            let hasTold = report?.hasEvents == true
            close()
            // A server that ends each watch at once must not be asked without end.
            failures = hasTold ? 0 : failures + 1
            if failures > 1 { try await pause(nil) }
        case .silence: fellSilent()
        }
    }

    private mutating func connect() async throws {
        let seconds = KubernetesLimits.watchSeconds
        let length = seconds.lowerBound + host.random() % (seconds.upperBound - seconds.lowerBound + 1)
        let request = try KubernetesRequest(
            "watch", "GET", watch.resource, namespace: watch.namespace ?? access.namespace
        ).asking([
            ("labelSelector", watch.labels), ("fieldSelector", watch.fields), ("watch", "true"),
            ("allowWatchBookmarks", "true"), ("resourceVersion", version), ("timeoutSeconds", String(length)),
        ])
        self.request = request
        lastSign = host.steady()
        stream = try await access.open(request, within: KubernetesLimits.silence)
        lastSign = host.steady()
        report = WatchReport(access, request, from: version)
    }

    /// Ends the connection; what was seen over it is noted.
    private mutating func close() { (stream, report) = (nil, nil) }

    private mutating func fellSilent() {
        close()
        silences += 1
        // Two in a row, and without the bookmarks that were asked for: nothing shows that it is told anything at all.
        if silences >= KubernetesLimits.silentWatches { needsList = true }
    }

    private mutating func listAnew() async throws {
        let list = try await access.list(
            watch.resource, labels: watch.labels, fields: watch.fields, namespace: watch.namespace)
        guard !list.resourceVersion.isEmpty else {
            throw CouldNotLook(
                .notSupported, "\(watch.resource.qualifiedName) cannot be watched at \(access.identity).")
        }
        told += known.differences(to: list.objects)
        version = list.resourceVersion
        needsList = false
        silences = 0
        failures = 0
        lastCause = nil
    }

    private mutating func read(_ line: [UInt8]) throws {
        guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) else { return }
        guard let request else { return }
        let json = try access.document(line, request, leaving: .managedFields)
        guard let type = json["type"]?.asText, let content = json["object"], case .object = content else {
            throw CouldNotLook(.malformed, "\(access.identity) sent something in a watch that is no event.")
        }
        if type == "ERROR" {
            throw KubernetesFailure(status: 200, document: content, to: request, at: access.identity)
        }
        let object = KubernetesObject(content)
        guard !object.resourceVersion.isEmpty else {
            throw CouldNotLook(.malformed, "\(access.identity) sent an event in a watch without a resourceVersion.")
        }
        if let event = try event(type, object) {
            known.note(event)
            told.append(event)
        }
        version = object.resourceVersion
        report?.count(to: version)
        lastSign = host.steady()
        (failures, silences, unreadable, lastCause) = (0, 0, 0, nil)
    }

    private func event(_ type: String, _ object: KubernetesObject) throws -> KubernetesEvent? {
        if type == "BOOKMARK" { return .bookmark(resourceVersion: object.resourceVersion) }
        guard !object.name.isEmpty else {
            throw CouldNotLook(.malformed, "\(access.identity) sent an event in a watch without a name.")
        }
        switch type {
        case "DELETED": return .deleted(object)
        case "ADDED" where !known.contains(object): return .added(object)
        case "ADDED", "MODIFIED": return known.isKnown(object) ? nil : .modified(object)
        default: return nil
        }
    }

    /// Waits and goes on where that may help; otherwise throws what is wrong.
    private mutating func recover(from error: any Error) async throws {
        var wait: Duration?
        switch error {
        case let failure as KubernetesFailure where failure.isGone:
            needsList = true
            failures += 1
            lastCause = failure.cause
            // The first time there is nothing to wait for.
            if failures == 1 { return }
        case let failure as KubernetesFailure where failure.code == 429 || failure.code >= 500:
            wait = failure.retryAfter
            lastCause = failure.cause
            // What the server cannot make sense of may be the version: a list gives a good one.
            if failure.code == 500 { needsList = true }
            failures += 1
        case let failure as KubernetesFailure: throw CouldNotLook(failure.cause)
        case let error as CouldNotLook where Self.isPassing(error.cause.code):
            failures += 1
            // What the deadline cut short says less than what was wrong before.
            if context.remaining > .zero || lastCause == nil { lastCause = error.cause }
            // An answer that does not even begin is a silence, too.
            if error.cause.code == .timedOut { fellSilent() }
        case let error as CouldNotLook where error.cause.code == .malformed || error.cause.code == .tooLarge:
            unreadable += 1
            guard unreadable < KubernetesLimits.unreadableWatches else { throw error }
            // What could not be read may have been an event: a list tells what it said.
            needsList = true
            failures += 1
            lastCause = error.cause
        default: throw error
        }
        try await pause(wait)
    }

    /// Half of it fixed, half by chance: watchers that lost the same server do not come back all at once.
    private func pause(_ asked: Duration?) async throws {
        let doubled = KubernetesLimits.firstPause * (1 << min(max(0, failures - 1), 10))
        let limit = min(doubled, KubernetesLimits.longestPause)
        let share = Double(host.random() >> 11) / Double(1 << 53)
        let pause = max(asked ?? .zero, limit / 2 + (limit / 2) * share)
        try await host.sleep(min(pause, context.remaining))
    }

    private func overdue() -> CouldNotLook {
        let what = "The watch of \(watch.resource.qualifiedName) at \(access.identity)"
        guard let lastCause else {
            return CouldNotLook(.timedOut, "\(what) did not show what was waited for in time.")
        }
        return CouldNotLook(lastCause.code, "\(what) was interrupted until the end: \(lastCause.sentence)")
    }

    private static func isPassing(_ code: Cause.Code) -> Bool {
        [.refused, .unreachable, .timedOut, .connectionLost, .networkDown, .busy, .serverError, .gone].contains(code)
    }
}
