using System.Globalization;
using System.Net;
using System.Text;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Keys;

/// <summary>
/// A share as a page: what it is, how it is used, the share, and the sealed keys, so that as many pages as the threshold says are all that a recovery needs of an escrow. The text is read again;
/// of it only the lines that start with S or E and a number count.
/// </summary>
internal static class EscrowPage
{
    private const string Style = "body{font:12pt/1.4 system-ui,sans-serif;max-width:48rem;margin:1.5rem auto;padding:0 1rem;color:#111;background:#fff}h1{font-size:16pt}h2{font-size:12pt;margin:1.2rem 0 .3rem}"
        + "pre{font:11pt/1.5 ui-monospace,Consolas,monospace;margin:0;white-space:pre;overflow-x:auto}td{padding:.1rem 1rem .1rem 0;overflow-wrap:anywhere;vertical-align:top}.keep{font-weight:700}@media print{body{margin:0}}";

    /// <summary>The page as text. The caller wipes it.</summary>
    public static byte[] Text(SealedEscrow escrow, EscrowShare share)
    {
        var text = new StringBuilder(4096);
        void Line(string line = "") => text.Append(line).Append('\n');
        Line(Title(share) + "  -  KEEP SECRET");
        Line(new string('=', 78));
        foreach (var sentence in Sentences(share))
        {
            Line(sentence);
        }
        Line();
        foreach (var (name, value) in Facts(escrow))
        {
            Line($"{name,-11}{value}");
        }
        Line();
        Line("THE SHARE");
        using (var secret = share.ToSecret())
        {
            foreach (var line in EscrowCode.Write('S', secret.Span.ToArray()))
            {
                Line(line);
            }
        }
        Line();
        Line("THE SEALED KEYS (the same on every page; lines of one page are enough)");
        foreach (var line in EscrowCode.Write('E', escrow.Bytes))
        {
            Line(line);
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>The page to print: one file, no script, nothing loaded from elsewhere.</summary>
    public static byte[] Html(SealedEscrow escrow, EscrowShare share)
    {
        using var secret = share.ToSecret();
        var page = new StringBuilder("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>").Append(WebUtility.HtmlEncode(Title(share)))
            .Append("</title><style>").Append(Style).Append("</style></head><body><h1>").Append(WebUtility.HtmlEncode(Title(share))).Append("</h1><p class=\"keep\">Keep secret.</p><p>")
            .Append(WebUtility.HtmlEncode(string.Join(' ', Sentences(share)))).Append("</p><table>");
        foreach (var (name, value) in Facts(escrow))
        {
            page.Append("<tr><td>").Append(name).Append("</td><td>").Append(WebUtility.HtmlEncode(value)).Append("</td></tr>");
        }
        page.Append("</table><h2>The share</h2><pre>").AppendJoin('\n', EscrowCode.Write('S', secret.Span.ToArray()))
            .Append("</pre><h2>The sealed keys (the same on every page; lines of one page are enough)</h2><pre>").AppendJoin('\n', EscrowCode.Write('E', escrow.Bytes)).Append("</pre></body></html>\n");
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    /// <summary>The name of a page, without its suffix.</summary>
    public static string NameOf(Id16 escrow, int number) => string.Create(CultureInfo.InvariantCulture, $"escrow-{escrow.ToString()[..8]}-share-{number}");

    private static string Title(EscrowShare share) => string.Create(CultureInfo.InvariantCulture, $"StingBackup key escrow: share {share.Number} of {share.Shares}");

    private static string[] Sentences(EscrowShare share) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"Any {share.Threshold} of these {share.Shares} shares give the keys of the reserve below; fewer tell nothing."),
        "Nobody should hold two. With a copy of the backups, a key store replica and an",
        "epoch place, the shares read every backup that was not erased.",
        "To recover: put the text files of the shares into a folder on the new host, write",
        "a configuration that names the repository, the replica and the epoch place, then",
        "run  Import-StingKeyEscrow -Path FOLDER  (sting-backup escrow-import --path=FOLDER).",
        "To type a page: any text file will do; only lines that start with S or E and a",
        "number are read. The last group of each line checks it. Capitals and blanks do not",
        "matter; O is read as 0, I and L as 1.",
    ];

    private static IEnumerable<(string Name, string Value)> Facts(SealedEscrow escrow) =>
    [
        ("Escrow", escrow.Id.ToString()),
        ("Reserve", escrow.ReserveId.ToString()),
        ("Made", KeyInventory.Time(escrow.CreatedNs).ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
        ("Key role", escrow.KeyFingerprint),
        ("KEK", string.Create(CultureInfo.InvariantCulture, $"{escrow.KekFingerprint}, generation {escrow.KekGeneration}")),
    ];
}
