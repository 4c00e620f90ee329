import Host

/// An exported record is one line of JSON in which the body is a text, so that the same bytes come back.
extension Record: Codable {
    private enum Key: String, CodingKey {
        case run, sequence, at, kind, body, bodyDigest, previous, digest
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self.init(
            run: try container.decode(String.self, forKey: .run),
            sequence: try container.decode(Int.self, forKey: .sequence),
            at: try container.decode(Instant.self, forKey: .at),
            kind: try container.decode(String.self, forKey: .kind),
            body: Array(try container.decode(String.self, forKey: .body).utf8),
            bodyDigest: try container.decode(String.self, forKey: .bodyDigest),
            previous: try container.decode(String.self, forKey: .previous),
            digest: try container.decode(String.self, forKey: .digest))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        guard let text = String(validating: body, as: UTF8.self) else {
            throw EncodingError.invalidValue(
                body, .init(codingPath: [Key.body], debugDescription: "the body of a record is not UTF-8"))
        }
        try container.encode(run, forKey: .run)
        try container.encode(sequence, forKey: .sequence)
        try container.encode(at, forKey: .at)
        try container.encode(kind, forKey: .kind)
        try container.encode(text, forKey: .body)
        try container.encode(bodyDigest, forKey: .bodyDigest)
        try container.encode(previous, forKey: .previous)
        try container.encode(digest, forKey: .digest)
    }
}
