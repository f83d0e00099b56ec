namespace StingBackup.Cmdlets.Abstractions;

/// <summary>Settings as people type them: <c>key=value</c>.</summary>
internal static class SettingPairs
{
    /// <summary>By key.</summary>
    public static Dictionary<string, string> Of(IEnumerable<string>? typed)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var parts in (typed ?? []).Select(s => s.Split('=', 2, StringSplitOptions.TrimEntries)))
        {
            settings[parts[0]] = parts.Length > 1 ? parts[1] : "";   // no value is a bad one, and told as such
        }
        return settings;
    }
}
