namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Settings that somebody gives one by one, as <c>key=value</c>, for a file that is written.</summary>
internal static class GivenSettings
{
    /// <summary>Takes them into a file. The reserve's identity and whom to trust are nobody's to give.</summary>
    /// <exception cref="StingException"><c>ConfigurationInvalid</c>: there is no such setting, or the value is none of it.</exception>
    public static void Apply(IEnumerable<KeyValuePair<string, string>> given, string file, IHostView host, ConfigurationWriter writer)
    {
        foreach (var (key, text) in given)
        {
            var findings = new FindingList();
            object? value = null;
            if (Settings.All.FirstOrDefault(s => s.Key == key && s != Settings.ReserveId && s != Settings.KeyFingerprint) is not { } setting)
            {
                findings.Error(key, null, 0, $"there is no setting '{key}' to give", $"{NearestNames.Question(key, Settings.All.Select(s => s.Key))} Get-StingBackupConfig lists every setting.".TrimStart());
                findings.ThrowOnError();
                continue;
            }
            if (!setting.TryRead(NodeOf(text, key, findings), new ReadContext(key, file, host.CurrentDirectory, host, findings), out value))
            {
                findings.ThrowOnError();
            }
            writer.SetValue(setting, value);
        }
    }

    /// <summary>A list stands in brackets, as in a file; all else is one value as it is typed.</summary>
    private static ConfigurationNode NodeOf(string text, string key, FindingList findings) =>
        text.StartsWith('[') && YamlReader.Read($"value: {text}", key, findings) is { Entries: [{ Value: ListNode list }] } ? list : new ScalarNode(0, text, Quoted: true);
}
