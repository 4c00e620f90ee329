import Synchronization

/// How the API misbehaves on purpose.
public enum KubernetesFault: Sendable {
    /// Answers with a Status of this code: 401, 403, 410, 429, 500, 503, 504 in the real words, others plainly.
    case status(Int, retryAfter: Int? = nil)
    /// Answers this Status.
    case refuse(KubernetesStatus)
    /// Waits before it answers.
    case slow(Duration)
    /// Takes the request and never answers.
    case silent
    /// 200 with bytes that are no JSON.
    case garbage
    /// 200 with a page for people, as a captive proxy sends it.
    case html
    /// Half of the answer, then the connection breaks.
    case half
    /// The connection breaks without an answer.
    case drop
    /// A watch breaks after so many events.
    case cutWatch(after: Int)
    /// A watch sends nothing, and does not end.
    case silentWatch
    /// A watch ends with an ERROR event 410 after so many events.
    case goneWatch(after: Int)
    /// A watch does not end at its `timeoutSeconds`.
    case endlessWatch
}

/// Names a fault that was switched on.
public struct KubernetesFaultMark: Hashable, Sendable {
    let number: Int
}

/// The faults that are on, and how often they struck.
final class FaultTable: Sendable {
    struct Entry: Sendable {
        let mark: KubernetesFaultMark
        let fault: KubernetesFault
        let verbs: Set<String>
        let resources: Set<String>
        var left: Int?
        var struck = 0

        /// `pods` means its subresources too, `pods/log` only that one.
        func concerns(_ resource: String) -> Bool {
            resources.isEmpty || resources.contains(resource)
                || resource.firstIndex(of: "/").map { resources.contains(String(resource[..<$0])) } ?? false
        }
    }

    private struct State {
        var entries: [Entry] = []
        var next = 0
    }

    private let state = Mutex(State())

    func add(_ fault: KubernetesFault, verbs: [String], resources: [String], times: Int?) -> KubernetesFaultMark {
        state.withLock { state in
            state.next += 1
            let mark = KubernetesFaultMark(number: state.next)
            state.entries.append(
                Entry(mark: mark, fault: fault, verbs: Set(verbs), resources: Set(resources), left: times))
            return mark
        }
    }

    func remove(_ mark: KubernetesFaultMark?) {
        state.withLock { state in state.entries.removeAll { mark == nil || $0.mark == mark } }
    }

    func struck(_ mark: KubernetesFaultMark) -> Int {
        state.withLock { state in state.entries.first { $0.mark == mark }?.struck ?? 0 }
    }

    /// No fault waits for such a request.
    func isCalm(verb: String, resource: String) -> Bool {
        state.withLock { state in
            !state.entries.contains { entry in
                (entry.verbs.isEmpty || entry.verbs.contains(verb))
                    && entry.concerns(resource) && entry.left != 0
            }
        }
    }

    /// The faults that strike this request, in the order in which they were switched on.
    func strike(verb: String, resource: String) -> [KubernetesFault] {
        state.withLock { state in
            var found: [KubernetesFault] = []
            for index in state.entries.indices {
                let entry = state.entries[index]
                guard entry.verbs.isEmpty || entry.verbs.contains(verb),
                    entry.concerns(resource), entry.left != 0
                else { continue }
                state.entries[index].left = entry.left.map { $0 - 1 }
                state.entries[index].struck += 1
                found.append(entry.fault)
            }
            return found
        }
    }
}

extension KubernetesStatus {
    /// The real server's words for a code.
    static func plain(_ code: Int, retryAfter: Int?) -> KubernetesStatus {
        switch code {
        case 401: KubernetesStatus(401, "Unauthorized", "Unauthorized")
        case 403: KubernetesStatus(403, "Forbidden", "forbidden: the request is refused", details: .emptyObject)
        case 409:
            KubernetesStatus(
                409, "Conflict",
                "the object has been modified; please apply your changes to the latest version and try again")
        case 410: KubernetesStatus(410, "Expired", "The resourceVersion for the provided list is too old.")
        case 429:
            KubernetesStatus(
                429, "TooManyRequests", "too many requests, please try again later",
                retryAfter: retryAfter ?? 1)
        case 500:
            KubernetesStatus(
                500, "InternalError", "Internal error occurred: etcdserver: request timed out",
                details: ["causes": [["message": "etcdserver: request timed out"]]], retryAfter: retryAfter)
        case 503:
            KubernetesStatus(
                503, "ServiceUnavailable", "the server is currently unable to handle the request",
                retryAfter: retryAfter)
        case 504:
            KubernetesStatus(
                504, "Timeout", "Timeout: request did not complete within the requested timeout",
                retryAfter: retryAfter)
        default: KubernetesStatus(code, "", "the server answers \(code)", retryAfter: retryAfter)
        }
    }
}
