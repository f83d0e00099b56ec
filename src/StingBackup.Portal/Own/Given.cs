using System.Buffers.Text;
using System.Text;

namespace StingBackup.Portal.Own;

/// <summary>Looks at what a request gives before anything is done with it. A path is a name to look for in the backups and is never joined to one of this host.</summary>
internal static class Given
{
    private const int LongestPath = 16 << 10, LongestId = 80;
    public const string Latest = "latest";

    /// <summary>A run's id, or the newest one.</summary>
    public static string Run(string? run) => string.IsNullOrEmpty(run) ? Latest : Id(run, "run");

    /// <summary>An id: letters, digits, <c>_</c>, <c>-</c> and <c>.</c>.</summary>
    public static string Id(string? id, string what) =>
        id is { Length: > 0 and <= LongestId } && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') ? id : throw Wrong(what);

    public static string? OptionalId(string? id, string what) => string.IsNullOrEmpty(id) ? null : Id(id, what);

    /// <summary>A path within the reserve.</summary>
    public static string Path(string? path) => path is { Length: > 0 and <= LongestPath } && !path.Contains('\0', StringComparison.Ordinal) ? path : throw Wrong("path");

    public static string? OptionalPath(string? path) => path is null ? null : path.Length == 0 ? "" : Path(path);

    /// <summary>How many of a list are wanted.</summary>
    public static int Limit(int? limit, int usual, int most) => limit switch { null => usual, < 1 => throw Wrong("limit"), _ => Math.Min(limit.Value, most) };

    /// <summary>A cursor for somebody else: what it holds is nobody's business.</summary>
    public static string? ToCursor(string? next) => next is null ? null : Base64Url.EncodeToString(Encoding.UTF8.GetBytes(next));

    public static string? FromCursor(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor))
        {
            return null;
        }
        if (cursor.Length > LongestPath * 2 || !Base64Url.IsValid(cursor))
        {
            throw Wrong("cursor");
        }
        try
        {
            return new UTF8Encoding(false, true).GetString(Base64Url.DecodeFromChars(cursor));
        }
        catch (DecoderFallbackException)
        {
            throw Wrong("cursor");
        }
    }

    public static StingException Wrong(string what) => new("ArgumentInvalid", FailureKind.InvalidArgument, $"What was given as the {what} is none.", what, "Go back to the page before, or look into the description of the API.");
}
