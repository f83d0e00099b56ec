using System.Net;
using System.Text;
using System.Text.Json;

namespace StingBackup.Engine.Lifecycle.Certificates;

/// <summary>A certificate as a page for people: one file, no script, nothing loaded from elsewhere. The signed file beside it is what counts.</summary>
internal static class CertificatePage
{
    private const string Style = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:1.6rem}"
        + "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ddd;overflow-wrap:anywhere}th{width:14rem;font-weight:600}"
        + "@media(prefers-color-scheme:dark){body{background:#161616;color:#eee}th,td{border-color:#444}}";

    public static byte[] Render(ReadOnlySpan<byte> document)
    {
        using var parsed = JsonDocument.Parse(document.ToArray());
        var certificate = parsed.RootElement.GetProperty("certificate");
        var page = new StringBuilder("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">")
            .Append("<title>Certificate of destruction</title><style>").Append(Style).Append("</style></head><body><h1>Certificate of destruction</h1>");
        if (certificate.GetProperty("format").GetString() == PurgeCertificate.Sort.Format)
        {
            Purge(page, certificate);
        }
        else
        {
            Erasure(page, certificate);
        }
        page.Append("<p>The signed file of the same name (.json) is what counts; Test-StingDestructionCertificate checks it.</p></body></html>");
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    private static void Erasure(StringBuilder page, JsonElement certificate)
    {
        page.Append("<p>Every backup of the person or honey jar below was made unreadable, for everybody and for good, by destroying the key that opens it.</p>");
        Section(page, "Certificate", certificate, "certificate_id", "deletion_timestamp", "deletion_method", "authorized_by", "reserve_id");
        Section(page, "Request", certificate.GetProperty("request"));
        Rows(page, "Subjects", certificate.GetProperty("subjects"));
        var scope = certificate.GetProperty("scope");
        Rows(page, "What was hit", scope.GetProperty("tiers"));
        Section(page, "Stored", scope, "packs", "stored_bytes", "chunks");
        Rows(page, "Where keys were", certificate.GetProperty("key_locations"));
        Section(page, "Proof", certificate.GetProperty("verification"));
        Rows(page, "What stays, and until when", certificate.GetProperty("residual_copies"));
        Texts(page, "Exceptions", certificate.GetProperty("exceptions"));
        Texts(page, "Approved by", certificate.GetProperty("approvers"));
        Section(page, "Record", certificate.GetProperty("audit"));
    }

    private static void Purge(StringBuilder page, JsonElement certificate)
    {
        page.Append("<p>The time of the restore points below was over. What they alone held was deleted from this tier.</p>");
        Section(page, "Certificate", certificate, "certificate_id", "deletion_timestamp", "deletion_method", "tier", "location", "authorized_by", "reserve_id", "writer");
        Table(page, "Restore points", certificate.GetProperty("restore_points"));
        Table(page, "Packs deleted", certificate.GetProperty("packs"));
        Section(page, "What stays", certificate.GetProperty("residual"));
    }

    /// <summary>Many items of one shape: a row each.</summary>
    private static void Table(StringBuilder page, string title, JsonElement items)
    {
        page.Append("<h2>").Append(title).Append(": ").Append(items.GetArrayLength().ToString(System.Globalization.CultureInfo.InvariantCulture)).Append("</h2><table>");
        foreach (var item in items.EnumerateArray())
        {
            page.Append("<tr>");
            foreach (var field in item.EnumerateObject())
            {
                page.Append("<td>").Append(WebUtility.HtmlEncode(field.Value.ToString())).Append("</td>");
            }
            page.Append("</tr>");
        }
        page.Append("</table>");
    }

    private static void Section(StringBuilder page, string title, JsonElement fields, params string[] only)
    {
        page.Append("<h2>").Append(title).Append("</h2><table>");
        foreach (var field in fields.EnumerateObject().Where(field => only.Length == 0 || only.Contains(field.Name)).OrderBy(field => Array.IndexOf(only, field.Name)))
        {
            Row(page, field.Name, field.Value.ToString());
        }
        page.Append("</table>");
    }

    private static void Rows(StringBuilder page, string title, JsonElement items)
    {
        page.Append("<h2>").Append(title).Append("</h2>");
        if (items.GetArrayLength() == 0)
        {
            page.Append("<p>Nothing.</p>");
        }
        foreach (var item in items.EnumerateArray())
        {
            page.Append("<table>");
            foreach (var field in item.EnumerateObject())
            {
                Row(page, field.Name, field.Value.ToString());
            }
            page.Append("</table>");
        }
    }

    private static void Texts(StringBuilder page, string title, JsonElement items)
    {
        page.Append("<h2>").Append(title).Append("</h2><ul>");
        foreach (var item in items.EnumerateArray())
        {
            page.Append("<li>").Append(WebUtility.HtmlEncode(item.GetString())).Append("</li>");
        }
        page.Append("</ul>");
    }

    private static void Row(StringBuilder page, string name, string value) => page.Append("<tr><th>").Append(WebUtility.HtmlEncode(name.Replace('_', ' ')))
        .Append("</th><td>").Append(WebUtility.HtmlEncode(value)).Append("</td></tr>");
}
