/// Who waits for whom: each root blocks and does not wait itself.
struct LockTree {
    struct Node: Hashable {
        let pid: Int
        /// 0 for the root.
        let depth: Int
        let blockedBy: Int?
    }

    struct Root: Hashable {
        let pid: Int
        /// Itself first, then those behind it, each under the one it waits for.
        let nodes: [Node]
    }

    let roots: [Root]

    /// Each waiter stands once below a root, as near to it as it is; below each of them where it waits for several.
    init(blockers: [Int: [Int]]) {
        var children: [Int: [Int]] = [:]
        for (waiter, blocking) in blockers { for pid in Set(blocking) { children[pid, default: []].append(waiter) } }
        var roots = children.keys.filter { blockers[$0]?.isEmpty ?? true }.sorted().map { Self.root($0, children) }
        // In a ring that the server has not broken yet everybody waits: its smallest stands for the root.
        var left = Set(children.keys.filter { blockers[$0]?.isEmpty == false })
        left.subtract(roots.flatMap { $0.nodes.map(\.pid) })
        while let smallest = left.min() {
            let ring = Self.root(smallest, children)
            left.subtract(ring.nodes.map(\.pid))
            roots.append(ring)
        }
        self.roots = roots
    }

    private static func root(_ pid: Int, _ children: [Int: [Int]]) -> Root {
        var parents: [Int: (parent: Int, depth: Int)] = [:]
        var level = [pid]
        var depth = 0
        while !level.isEmpty {
            depth += 1
            var next: [Int] = []
            for parent in level {
                for child in (children[parent] ?? []).sorted() where child != pid && parents[child] == nil {
                    parents[child] = (parent, depth)
                    next.append(child)
                }
            }
            level = next
        }
        var behind: [Int: [Int]] = [:]
        for (child, place) in parents { behind[place.parent, default: []].append(child) }
        // By hand and not by calls: a queue may be as deep as there are sessions.
        var nodes: [Node] = []
        var stack = [Node(pid: pid, depth: 0, blockedBy: nil)]
        while let node = stack.popLast() {
            nodes.append(node)
            for child in (behind[node.pid] ?? []).sorted(by: >) {
                stack.append(Node(pid: child, depth: node.depth + 1, blockedBy: node.pid))
            }
        }
        return Root(pid: pid, nodes: nodes)
    }
}
