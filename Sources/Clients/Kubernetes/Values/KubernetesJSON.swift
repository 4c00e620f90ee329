import Maintenance

/// Documents of the API, within this module's bounds.
enum KubernetesJSON {
    /// What to leave out of the result; it must be well-formed all the same.
    enum Leaving: Sendable {
        case nothing
        /// `managedFields`: who owns which field, often a third of an object, and judged by nobody.
        case managedFields
    }

    static func read(_ bytes: [UInt8], leaving: Leaving = .nothing) throws(JSONReader.Mistake) -> JSONValue {
        try JSONReader.read(
            bytes, leaving == .nothing ? .all : .without(["managedFields"]), depth: KubernetesLimits.nesting,
            values: KubernetesLimits.values)
    }
}
