import ClientKubernetes
import Maintenance

/// What pods use of memory, where the cluster runs a metrics server.
enum PodMemory {
    /// The sum over the pods of these names; `nil` where it is not measured for each of them.
    static func total(
        _ access: KubernetesAccess, _ namespace: String, _ selector: String, of names: Set<String>
    ) async -> Double? {
        let labels = selector.utf8.map { byte -> String in
            let isPlain = (97...122).contains(byte) || (65...90).contains(byte) || (45...57).contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + hex([byte]).uppercased()
        }.joined()
        let path = "/apis/metrics.k8s.io/v1beta1/namespaces/\(namespace)/pods?labelSelector=\(labels)"
        guard let answer = try? await access.rawDocument(path) else { return nil }
        var bytes: [String: Double] = [:]
        for pod in answer.items("items") {
            let containers = pod.items("containers").map { $0.text("usage", "memory").flatMap(amount) }
            guard let name = pod.text("metadata", "name"), !containers.contains(where: { $0 == nil }) else { continue }
            bytes[name] = containers.reduce(0) { $0 + ($1 ?? 0) }
        }
        let measured = names.compactMap { bytes[$0] }
        return names.isEmpty || measured.count < names.count ? nil : measured.reduce(0, +)
    }

    /// `128Ki`, `1.5Gi`, `64M`, `12345`: an amount as Kubernetes writes it.
    static func amount(_ text: String) -> Double? {
        let figures = text.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(figures) else { return nil }
        let unit = text.dropFirst(figures.count)
        let powers: [Substring: Double] = [
            "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "Ki": 1024, "Mi": 1_048_576,
            "Gi": 1_073_741_824, "Ti": 1_099_511_627_776, "Pi": 1_125_899_906_842_624, "m": 0.001,
        ]
        return powers[unit].map { number * $0 }
    }
}
