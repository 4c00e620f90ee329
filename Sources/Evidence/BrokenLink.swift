/// The first thing in a bundle or a chain that is not as it was signed.
public struct BrokenLink: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// The member, record or checkpoint.
    public let link: String
    /// What differs.
    public let sentence: String

    init(_ link: String, _ sentence: String) {
        self.link = link
        self.sentence = sentence
    }

    public var description: String { "\(link): \(sentence)" }
}
