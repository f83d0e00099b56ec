using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Sources.PostgreSql.Logical;

/// <summary>A row of STING's that names a file.</summary>
/// <param name="Row">The row, for people: table and key.</param>
/// <param name="Path">Where the file stands in the reserve; null when <paramref name="FileId"/> is what it names.</param>
/// <param name="FileId">The <c>file_assets.file_id</c> that it names, or null.</param>
public sealed record FileReference(string Row, EntryPath? Path, string? FileId);

/// <summary>
/// Which files the rows of a logical capture name: <c>file_assets.storage_path</c> (a secret in Vault), <c>documents.file_path</c> (a document of a honey jar) and
/// <c>reports.result_file_id</c> (a row of file_assets). NULL names nothing; neither does a file that is deleted in STING.
/// </summary>
public static class FileReferences
{
    private const string Assets = "file_assets", Documents = "documents", Reports = "reports";

    /// <summary>Whether the rows of a table name files.</summary>
    public static bool AreIn(string table) => table is Assets or Documents or Reports;

    /// <summary>Reads a file of rows.</summary>
    /// <param name="rows">What it holds.</param>
    /// <param name="stream">Its bytes: a line of column names, then COPY's text.</param>
    /// <param name="defined">Told every <c>file_id</c> that a row of file_assets has.</param>
    public static IEnumerable<FileReference> Read(CapturedRows rows, Stream stream, Action<string> defined)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(defined);
        using var reader = new StreamReader(stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false, 1 << 16, leaveOpen: true);
        if (reader.ReadLine() is not { } header)
        {
            yield break;
        }
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (at, name) in CopyText.Values(header).Index())
        {
            columns.TryAdd(name ?? "", at);
        }
        // COPY ends a row with a line feed, and writes one within a value as \n.
        while (reader.ReadLine() is { } line)
        {
            var values = CopyText.Values(line);
            string? Value(string column) => columns.TryGetValue(column, out var at) && at < values.Count ? values[at] : null;
            var row = $"{rows.Table} {Value("file_id") ?? Value("id")}";
            if (rows.Table == Assets && Value("file_id") is { } id)
            {
                defined(id);
            }
            var named = rows.Table switch
            {
                Assets when Value("deleted_at") is null && Value("storage_path") is { } path => new FileReference(row, OfSecret(path, Value("storage_backend")), null),
                Documents when Value("file_path") is { } path => new FileReference(row, OfUpload(path), null),
                Reports when Value("result_file_id") is { } file => new FileReference(row, null, file),
                _ => null,
            };
            if (named is { Path: not null } or { FileId: not null })
            {
                yield return named;
            }
        }
    }

    /// <summary>
    /// <c>&lt;owner&gt;/&lt;type&gt;/&lt;hash&gt;</c>, before which STING puts <c>files/</c> when it reads (vault_file_client.py), or a path that has it already, perhaps behind the mount's name;
    /// null for what is no path of Vault's.
    /// </summary>
    private static EntryPath? OfSecret(string path, string? backend)
    {
        if (backend is not (null or "" or "vault"))
        {
            return null;
        }
        var at = path.IndexOf("files/", StringComparison.Ordinal);
        return at == 0 || (at > 0 && path[at - 1] == '/') ? Make(ReserveMounts.Vault, path[at..]) : path.StartsWith('/') ? null : Make(ReserveMounts.Vault, "files/" + path);
    }

    /// <summary><c>/tmp/sting_uploads/&lt;jar&gt;/&lt;file&gt;</c> in STING's container is <c>jars/&lt;jar&gt;/&lt;file&gt;</c> here.</summary>
    internal static EntryPath? OfUpload(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length < 2 ? null : Make(EntryPath.Parse("jars"), $"{parts[^2]}/{parts[^1]}");
    }

    private static EntryPath? Make(EntryPath under, string path)
    {
        try
        {
            return EntryPath.FromBytes(Encoding.UTF8.GetBytes(path)).Under(under);
        }
        catch (StingException)
        {
            return null;   // what is no path names no file
        }
    }
}
