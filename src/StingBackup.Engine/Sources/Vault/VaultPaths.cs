using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>
/// Between paths of secrets and paths of a source's files, and whom a secret of STING belongs to. A file's path is the secret's path in its mount, with three exceptions, none of
/// which STING makes: <c>%</c> is written <c>%25</c>; a name that no file can have (empty, <c>.</c>, <c>..</c>) is written with <c>%</c> and digits; and a secret that is
/// also a folder is written with a <c>%</c> at its end, since no file is a folder.
/// </summary>
public static class VaultPaths
{
    /// <summary>Where STING keeps what people upload.</summary>
    public const string Files = "files";

    /// <summary>The data classes that secrets can be of.</summary>
    public static IReadOnlySet<DataClass> Classes { get; } = new HashSet<DataClass> { DataClass.UserFiles, DataClass.Reports, DataClass.TempFiles, DataClass.Secrets };

    /// <summary>The name of a file or folder for one component of a secret's path.</summary>
    /// <param name="name">The component.</param>
    /// <param name="isBesideFolder">True for a secret whose name a folder has too.</param>
    internal static byte[] ToFileName(string name, bool isBesideFolder)
    {
        var escaped = name switch
        {
            "" => "%00",
            "." => "%2e",
            ".." => "%2e%2e",
            _ => name.Replace("%", "%25", StringComparison.Ordinal),
        };
        return Wtf8.Encode(isBesideFolder ? escaped + "%" : escaped);
    }

    /// <summary>The path of the secret that a file stands for.</summary>
    /// <exception cref="StingException"><c>NameNotAllowed</c> for bytes that are no UTF-8, which no secret's path is.</exception>
    public static string ToSecretPath(EntryPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var text = Wtf8.TryDecode(path.Bytes) ?? throw new StingException("NameNotAllowed", FailureKind.InvalidArgument,
            $"'{path}' is not UTF-8, and no secret has such a path.", path.ToString(), "Restore it to a folder.");
        return text.Contains('%', StringComparison.Ordinal) ? string.Join('/', text.Split('/').Select(Unescape)) : text;
    }

    /// <summary>Data class and subject of a path of STING's mount: <c>files/&lt;owner&gt;/&lt;file type&gt;/&lt;sha256[:16]&gt;</c>; never excluded.</summary>
    /// <remarks>
    /// The owner is a Kratos UUID or a row number; any other name is a subject of its own. Types: <c>report</c> is Reports, <c>temporary</c> TempFiles, every other (<c>profile_picture</c>,
    /// <c>user_document</c>, and what later versions of STING may bring) UserFiles. What lies beside <c>files</c> is not people's: Secrets of <c>system</c>.
    /// </remarks>
    public static Placement Classify(EntryPath path, UsersMap users)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(users);
        var parts = path.Bytes;
        if (Next(ref parts) is not "files")
        {
            return new Placement(false, path.IsRoot ? DataClass.UserFiles : DataClass.Secrets, SubjectNames.System);
        }
        if (Next(ref parts) is not { } owner)
        {
            return new Placement(false, DataClass.UserFiles, SubjectNames.System);   // the folder itself
        }
        var dataClass = Next(ref parts) switch
        {
            "report" => DataClass.Reports,
            "temporary" => DataClass.TempFiles,
            _ => DataClass.UserFiles,
        };
        // The class of a subject that neither id nor map names is always the same, or one owner would have three.
        return new Placement(false, dataClass, users.SubjectOfFolder(owner, DataClass.UserFiles));
    }

    /// <summary>Whose a secret is, as STING names him in its path; null for what lies beside <c>files</c>.</summary>
    internal static string? OwnerOf(string secret) => secret.Split('/') is [Files, { Length: > 0 } owner, _, ..] ? owner : null;

    private static string? Next(ref ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
        {
            return null;
        }
        var slash = path.IndexOf((byte)'/');
        var part = slash < 0 ? path : path[..slash];
        path = slash < 0 ? [] : path[(slash + 1)..];
        return EntryPath.Display(part);
    }

    /// <summary>A percent sign that no two digits follow is one: names that a restore makes beside others may hold it.</summary>
    private static string Unescape(string name)
    {
        if (name.EndsWith('%'))
        {
            name = name[..^1];
        }
        var text = new StringBuilder(name.Length);
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '%' && i + 2 < name.Length && char.IsAsciiHexDigit(name[i + 1]) && char.IsAsciiHexDigit(name[i + 2]))
            {
                var code = Convert.ToInt32(name.Substring(i + 1, 2), 16);
                text.Append(code == 0 ? "" : ((char)code).ToString());
                i += 2;
            }
            else
            {
                text.Append(name[i]);
            }
        }
        return text.ToString();
    }
}
