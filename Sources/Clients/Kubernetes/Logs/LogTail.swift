import ClientHTTP

extension KubernetesAccess {
    /// The last lines of a container's log, for a sentence on why it ended: what is cut off before them does not matter.
    public func lastLines(
        pod: String, container: String? = nil, namespace: String? = nil, lines: Int, limitBytes: Int = 64 << 10
    ) async throws -> [String] {
        let path = KubernetesResource.pods.path(namespace: namespace ?? self.namespace, name: pod, subresource: "log")
        let query = PathText.query([
            ("tailLines", String(lines)), ("limitBytes", String(limitBytes)), ("container", container),
        ])
        let answer = try await raw(path + query)
        return String(decoding: answer.body, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(lines)
            .map(String.init)
    }
}
