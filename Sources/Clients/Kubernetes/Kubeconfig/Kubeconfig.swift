import Host
import Maintenance

/// The kubeconfig files of a machine taken together as kubectl does: of each name the first file's entry counts.
struct Kubeconfig {
    /// A named entry; paths in it are relative to the folder of its file.
    struct Entry {
        let name: String
        let node: KubeconfigNode
        let file: String

        func path(_ text: String) -> String {
            text.hasPrefix("/") ? text : (file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + text
        }
    }

    private(set) var currentContext: String?
    private(set) var files: [String] = []
    private var clusters: [String: Entry] = [:]
    private var users: [String: Entry] = [:]
    private var contexts: [String: Entry] = [:]

    /// Adds what a file brings; what earlier files said stays.
    mutating func add(_ bytes: [UInt8], file: String) throws {
        files.append(file)
        guard let root = try KubeconfigNode.read(bytes, file: file) else { return }
        guard root.isMap else { throw root.mistake("a kubeconfig is a map with `clusters` and others.") }
        if let kind = try root.text("kind"), kind != "Config" {
            throw root.mistake("this is a `\(kind.prefix(60))`, where a kubeconfig is a `Config`.")
        }
        if currentContext == nil { currentContext = try root.text("current-context") }
        try Self.merge(root, "clusters", holding: "cluster", into: &clusters)
        try Self.merge(root, "users", holding: "user", into: &users)
        try Self.merge(root, "contexts", holding: "context", into: &contexts)
    }

    var isEmpty: Bool { clusters.isEmpty && contexts.isEmpty }

    /// How to reach the cluster of a context, and as whom.
    func context(_ name: String) throws -> (context: Entry, cluster: Entry, user: Entry?) {
        guard let context = contexts[name] else { throw unknown("context", name, among: contexts.keys) }
        let clusterName = try context.node.required("cluster", of: "the context `\(name)`")
        guard let cluster = clusters[clusterName] else {
            throw context.node.mistake("the context `\(name)` names the cluster `\(clusterName)`, and there is none.")
        }
        guard let userName = try context.node.text("user") else { return (context, cluster, nil) }
        guard let user = users[userName] else {
            throw context.node.mistake("the context `\(name)` names the user `\(userName)`, and there is none.")
        }
        return (context, cluster, user)
    }

    func hasContext(_ name: String) -> Bool { contexts[name] != nil }

    private func unknown(_ what: String, _ name: String, among names: some Sequence<String>) -> CouldNotLook {
        let hint = name.closest(among: names.sorted()).map { " Did you mean `\($0)`?" } ?? ""
        return CouldNotLook(
            .notFound, "There is no \(what) `\(name)` in the kubeconfig (\(files.joined(separator: ", "))).\(hint)")
    }

    private static func merge(
        _ root: KubeconfigNode, _ key: String, holding inner: String, into entries: inout [String: Entry]
    ) throws {
        var own: Set<String> = []
        for item in try root.list(key) {
            let name = try item.required("name", of: "an entry of `\(key)`")
            guard own.insert(name).inserted else { throw item.mistake("the name `\(name)` stands twice in `\(key)`.") }
            guard let node = try item.value(inner) else {
                throw item.mistake("the entry `\(name)` of `\(key)` holds no `\(inner)`.")
            }
            guard node.isMap else { throw node.mistake("`\(inner)` of `\(name)` must be a map.") }
            if entries[name] == nil { entries[name] = Entry(name: name, node: node, file: root.file) }
        }
    }
}
