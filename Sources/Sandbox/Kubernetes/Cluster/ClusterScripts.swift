import Synchronization

/// What pods, Jobs and nodes are told to do besides what is usual; set from outside, read by the controllers.
final class ClusterScripts: Sendable {
    private struct State {
        var scripts: [(mark: ScriptMark, selection: PodSelection, behaviour: PodBehaviour)] = []
        var next = 0
        var patterns: [(labels: [String: String], pattern: LogPattern)] = []
        var lostNodes: Set<String> = []
    }

    private let state = Mutex(State())

    func add(_ selection: PodSelection, _ behaviour: PodBehaviour) -> ScriptMark {
        state.withLock { state in
            state.next += 1
            let mark = ScriptMark(number: state.next)
            state.scripts.append((mark, selection, behaviour))
            return mark
        }
    }

    func remove(_ mark: ScriptMark) { state.withLock { $0.scripts.removeAll { $0.mark == mark } } }

    func orders(for pod: JSON, cronJob: String?) -> PodOrders {
        let scripts = state.withLock { $0.scripts }
        return PodOrders(scripts.filter { $0.selection.matches(pod, cronJob: cronJob) }.map(\.behaviour))
    }

    /// How containers of pods with these labels write their logs; the last one said wins.
    func setPattern(_ pattern: LogPattern, labels: [String: String]) {
        state.withLock { $0.patterns.append((labels, pattern)) }
    }

    func pattern(for pod: JSON) -> LogPattern? {
        let labels = pod.labels
        return state.withLock { state in
            state.patterns.last { $0.labels.allSatisfy { labels[$0.key] == $0.value } }?.pattern
        }
    }

    func setLost(_ node: String, _ isLost: Bool) {
        state.withLock { state in
            if isLost { state.lostNodes.insert(node) } else { state.lostNodes.remove(node) }
        }
    }

    func isLost(_ node: String) -> Bool { state.withLock { $0.lostNodes.contains(node) } }
}
