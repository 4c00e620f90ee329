/// The bounds of this module, each with what it protects.
public enum PrometheusLimits {
    /// Bytes of an answer.
    public static let answer = 32 << 20
    /// Values in an answer: labels, times and samples.
    public static let values = 2_000_000
    /// Characters of an expression: it is sent in the URL.
    public static let expression = 4000
}
