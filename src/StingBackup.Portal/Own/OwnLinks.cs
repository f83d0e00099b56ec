using System.Globalization;

namespace StingBackup.Portal.Own;

/// <summary>Addresses of a person's pages. Whatever a name holds, it is one value of a query.</summary>
internal static class OwnLinks
{
    public static string Backups(DateOnly month, DateOnly? day = null) =>
        To("/backups", ("month", month.ToString("yyyy-MM", CultureInfo.InvariantCulture)), ("day", day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));

    public static string Files(string? run, string? path, string? jar, string? cursor = null) => To("/files", ("run", run), ("path", path), ("jar", jar), ("cursor", cursor));

    public static string File(string run, string path, string? jar) => To("/file", ("run", run), ("path", path), ("jar", jar));

    public static string Content(string run, string path, string? jar) => To($"/api/v1/runs/{Uri.EscapeDataString(run)}/content", ("path", path), ("jar", jar));

    public static string Image(string run, string path, string? jar) => To($"/api/v1/runs/{Uri.EscapeDataString(run)}/image", ("path", path), ("jar", jar));

    public static string AskForRecovery(string? run, string? path, string? jar) => To("/recoveries/new", ("run", run), ("path", path), ("jar", jar));

    public static string Recovery(string id, string? jar) => To($"/recoveries/{Uri.EscapeDataString(id)}", ("jar", jar));

    public static string BeginRecovery(string id, string? jar) => To($"/recoveries/{Uri.EscapeDataString(id)}/begin", ("jar", jar));

    private static string To(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        List<KeyValuePair<string, string?>> given = [];
        foreach (var (name, value) in query)
        {
            if (value is not null)
            {
                given.Add(new(name, value));
            }
        }
        return path + QueryString.Create(given).ToUriComponent();
    }
}
