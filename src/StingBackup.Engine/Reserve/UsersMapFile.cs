using System.Text;

namespace StingBackup.Engine.Reserve;

/// <summary>Reads the users map's file: CSV with a header row, or JSON. Every bad row is told with its line, all at once.</summary>
public static class UsersMapFile
{
    private const int LargestFile = 256 << 20;
    private const int MostTold = 10;

    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>
    /// The map of a reserve, from the file that the configuration names, else from <c>users.csv</c> or <c>users.json</c> in the reserve or beside it, else from nothing.
    /// It knows the folders in <c>users/</c> too.
    /// </summary>
    /// <exception cref="StingException"><c>UsersMapNotFound</c>, <c>UsersMapUnreadable</c>, <c>UsersMapInvalid</c>, <c>UsersMapAmbiguous</c></exception>
    public static UsersMap Load(Configuration.ReserveSettings settings, IHostView host)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(host);
        var file = Find(settings, host);
        var map = file is null ? UsersMap.Empty : Read(file, host);
        return map.WithFolders(host.DirectoriesIn(Path.Join(settings.Path, "users")));
    }

    /// <summary>The file that <see cref="Load"/> would read, or null.</summary>
    /// <exception cref="StingException"><c>UsersMapNotFound</c>, <c>UsersMapAmbiguous</c></exception>
    public static string? Find(Configuration.ReserveSettings settings, IHostView host)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(host);
        if (settings.UsersMap is { } named)
        {
            return host.FileExists(named) ? named : throw new StingException("UsersMapNotFound", FailureKind.NotFound, $"There is no users map {named}.", named,
                "Put the file there, or correct reserve.users_map. Without the map, people's folders would be backed up under other names than before.");
        }
        foreach (var folder in (string?[])[settings.Path, Path.GetDirectoryName(settings.Path)])
        {
            var found = folder is null ? [] : ((string[])["users.csv", "users.json"]).Select(name => Path.Join(folder, name)).Where(host.FileExists).ToArray();
            if (found.Length > 1)
            {
                throw new StingException("UsersMapAmbiguous", FailureKind.InvalidConfiguration, $"Two users maps stand in {folder}: users.csv and users.json.", folder,
                    "Remove one, or name the right one with reserve.users_map.");
            }
            if (found.Length == 1)
            {
                return found[0];
            }
        }
        return null;
    }

    /// <summary>Reads one file.</summary>
    /// <exception cref="StingException"><c>UsersMapUnreadable</c>, <c>UsersMapInvalid</c></exception>
    public static UsersMap Read(string file, IHostView host)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(host);
        byte[] bytes;
        try
        {
            bytes = host.ReadFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StingException("UsersMapUnreadable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
                $"The users map {file} cannot be read: {e.Message}", file, "Give this user the right to read it.", e);
        }
        var rows = new UsersMapRows(file);
        try
        {
            var content = bytes.AsSpan(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0);
            if (content.Length > LargestFile)
            {
                rows.Error(0, $"the file is larger than {LargestFile} bytes");
            }
            else if (file.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                UsersMapJson.Read(content, rows);
            }
            else
            {
                UsersMapCsv.Read(Strict.GetString(content), rows);
            }
        }
        catch (DecoderFallbackException)
        {
            rows.Error(0, "the file is not UTF-8");
        }
        if (rows.Errors.Count > 0)
        {
            var told = string.Join(" | ", rows.Errors.Take(MostTold)) + (rows.Errors.Count > MostTold ? $" | and {rows.Errors.Count - MostTold} more" : "");
            throw new StingException("UsersMapInvalid", FailureKind.InvalidConfiguration, $"The users map is wrong: {told}", file,
                "Mend these rows. Columns are id, kratos_id, email, folder, name; each row needs one of the first four, and no two rows may share one.");
        }
        return UsersMap.Of(rows.Entries);
    }
}
