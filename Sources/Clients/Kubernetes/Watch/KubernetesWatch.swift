import ClientHTTP
import Host
import Maintenance

extension KubernetesAccess {
    /// What happens to the objects from the list on, without a gap: a watch that breaks off or falls silent is begun
    /// again where it ended, and where the API no longer knows what happened since, the objects are listed anew and the
    /// differences told.
    ///
    /// It goes on until its reader leaves it; at the step's deadline it throws `CouldNotLook`, with what was last wrong.
    public func watch(
        _ resource: KubernetesResource, labels: String? = nil, fields: String? = nil, namespace: String? = nil,
        from list: KubernetesList
    ) -> KubernetesWatch {
        KubernetesWatch(
            access: self, resource: resource, labels: labels, fields: fields, namespace: namespace, list: list)
    }
}

/// The events of a watch, in the order in which they happened.
public struct KubernetesWatch: AsyncSequence, Sendable {
    public typealias Element = KubernetesEvent

    let access: KubernetesAccess
    let resource: KubernetesResource
    let labels: String?
    let fields: String?
    let namespace: String?
    let list: KubernetesList

    public func makeAsyncIterator() -> Iterator { Iterator(watch: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private var course: WatchCourse

        init(watch: KubernetesWatch) { course = WatchCourse(watch) }

        @concurrent
        public mutating func next() async throws -> KubernetesEvent? { try await course.next() }
    }
}
