namespace StingBackup.Engine.Operations.Logging;

/// <summary>Takes secrets out of texts before they are shown or written.</summary>
public static partial class Redaction
{
    /// <summary>What stands in a secret's place.</summary>
    public const string Mark = "***";

    /// <summary>A URL without what stands before <c>@</c> and without its query.</summary>
    public static string Url(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var query = text.IndexOf('?', StringComparison.Ordinal);
        if (query >= 0)
        {
            text = string.Concat(text.AsSpan(0, query + 1), Mark);
        }
        var start = text.IndexOf("://", StringComparison.Ordinal) is >= 0 and var scheme ? scheme + 3 : 0;
        var end = text.AsSpan(start).IndexOf('/') is >= 0 and var slash ? start + slash : text.Length;
        var at = text.AsSpan(start, end - start).LastIndexOf('@');
        return at < 0 ? text : string.Concat(text.AsSpan(0, start), Mark, text.AsSpan(start + at));
    }
}
