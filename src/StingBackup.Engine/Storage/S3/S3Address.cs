using StingBackup.Engine.Basics;
namespace StingBackup.Engine.Storage.S3;

/// <summary>Where a tier lies: <c>s3://bucket/prefix</c>, or <c>glacier://bucket/prefix</c> for a bucket whose packs go to a storage class for archives.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">What keys start with, without a slash at either end; may be empty.</param>
/// <param name="IsArchive">True for <c>glacier://</c>.</param>
public sealed record S3Address(string Bucket, string Prefix, bool IsArchive)
{
    private const string Remote = "s3://", Archive = "glacier://";
    /// <summary>Keys have at most 1,024 bytes, and objects' names 255.</summary>
    private const int LongestPrefix = 700;

    /// <summary>Whether a place is such an address, and no path.</summary>
    public static bool IsAddress(string? text) => text is not null && (text.StartsWith(Remote, StringComparison.Ordinal) || text.StartsWith(Archive, StringComparison.Ordinal));

    /// <summary>Reads an address.</summary>
    /// <exception cref="StingException"><c>StoreAddressInvalid</c></exception>
    public static S3Address Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return ProblemOf(text) is { } problem
            ? throw new StingException("StoreAddressInvalid", FailureKind.InvalidArgument, $"'{Redaction.Url(text)}' is no address of a bucket: {problem}.", Redaction.Url(text),
                "Write s3://bucket/prefix or glacier://bucket/prefix; credentials never stand in it.")
            : Split(text);
    }

    /// <summary>What is wrong with an address; null when nothing is.</summary>
    public static string? ProblemOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!IsAddress(text))
        {
            return "it starts with neither s3:// nor glacier://";
        }
        var (bucket, prefix, _) = Split(text);
        return bucket.Contains('@', StringComparison.Ordinal) ? "it holds credentials"
            : bucket.Length is < 3 or > 63 || !bucket.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.' or '_') ? "a bucket's name has 3 to 63 lower-case letters, digits, '-', '.' and '_'"
            : prefix.Length > LongestPrefix ? $"a prefix has at most {LongestPrefix} characters"
            : prefix.Length > 0 && !prefix.Split('/').All(IsComponent) ? "a prefix is components of letters, digits, '.', '_' and '-', separated by '/'; none is empty, '.' or '..'"
            : null;
    }

    /// <summary>The key of an object.</summary>
    public string KeyOf(string name) => Prefix.Length == 0 ? name : $"{Prefix}/{name}";

    /// <inheritdoc/>
    public override string ToString() => (IsArchive ? Archive : Remote) + Bucket + (Prefix.Length == 0 ? "" : "/" + Prefix);

    private static S3Address Split(string text)
    {
        var archive = text.StartsWith(Archive, StringComparison.Ordinal);
        var rest = text[(archive ? Archive : Remote).Length..].TrimEnd('/');
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? new S3Address(rest, "", archive) : new S3Address(rest[..slash], rest[(slash + 1)..], archive);
    }

    private static bool IsComponent(string component) =>
        component is not ("" or "." or "..") && component.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
