using System.Text.RegularExpressions;

namespace StingBackup.Engine.Basics;

/// <summary>Takes secrets out of texts before they are shown or written: by how they look, and by the names that they are given.</summary>
public static partial class Redaction
{
    /// <summary>What stands in a secret's place.</summary>
    public const string Mark = "***";

    /// <summary>Longer texts are cut before they are searched, so that no text can hold up a run.</summary>
    private const int LongestText = 32_768;

    /// <summary>
    /// A text without private keys, tokens, credentials in URLs, and values that stand after a name such as password, secret or token.
    /// Longer than 32,768 characters, it is cut.
    /// </summary>
    public static string Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var cut = text.Length > LongestText ? string.Concat(text.AsSpan(0, LongestText), " …") : text;
        cut = PrivateKey().Replace(cut, Mark);
        cut = UrlUser().Replace(cut, "$1" + Mark + "@");
        cut = Scheme().Replace(cut, "$1 " + Mark);
        cut = Named().Replace(cut, WithoutValue);
        cut = Option().Replace(cut, WithoutValue);
        return Token().Replace(cut, Mark);
    }

    /// <summary>True when a value of this name is a secret: passphrase, password, secret, token, a key that is neither an id nor a fingerprint …</summary>
    public static bool IsSecretName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return SecretName().IsMatch(name) && !NamesNoSecret(name);
    }

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

    private static string WithoutValue(Match match) =>
        NamesNoSecret(match.Groups[1].Value) ? match.Value : match.Groups[1].Value + match.Groups[2].Value + Mark;

    /// <summary>Names that speak of a secret without being one: where it lies, which it is, how many there are.</summary>
    private static bool NamesNoSecret(string name) => NoSecretName().IsMatch(name);

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;
    private const string Words = "(?:pass-?_?(?:word|phrase|wd|code)|pwd|secret|token|credential|x-amz-signature|(?:api|access|master|private|unseal|encryption|signing|data|wrapping|root)[-_ ]?key)";

    [GeneratedRegex("-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex PrivateKey();

    // Every pattern begins where a word begins, or is bounded in length: the work stays proportional to the text.
    [GeneratedRegex(@"\b([a-z][a-z0-9+.-]{0,20}://)[^\s/?#]{0,1000}@", Options)]
    private static partial Regex UrlUser();

    [GeneratedRegex(@"\b(bearer|basic|negotiate)\s+[A-Za-z0-9+/=._~-]{8,}", Options)]
    private static partial Regex Scheme();

    [GeneratedRegex($"""(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]*{Words}[A-Za-z0-9_.-]*)(["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&"']+)""", Options)]
    private static partial Regex Named();

    [GeneratedRegex($"""(?<![A-Za-z0-9_.-])(--?[A-Za-z-]*{Words}[A-Za-z-]*)(\s+)(?:"[^"]*"|'[^']*'|[^\s"'-][^\s"']*)""", Options)]
    private static partial Regex Option();

    [GeneratedRegex(@"\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|hv[sbr]\.[A-Za-z0-9_-]{16,}|s\.[A-Za-z0-9]{24}|eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]*)", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(Words, Options)]
    private static partial Regex SecretName();

    [GeneratedRegex("(?<!secret[-_]?)(?:file|path|directory|folder|location|ids?|name|count|length|fingerprint|generation)$", Options)]
    private static partial Regex NoSecretName();
}
