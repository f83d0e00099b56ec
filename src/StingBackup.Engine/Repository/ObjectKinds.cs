using System.Globalization;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Repository;

/// <summary>What an object is by its name.</summary>
internal static class ObjectKinds
{
    /// <summary>The kind that a name says, or null for one that this format does not give.</summary>
    public static ObjectKind? Of(string name)
    {
        var parts = name.Split('/');
        return parts switch
        {
            ["format", var n] when IsNumber(n, 1, 9) => ObjectKind.Format,
            ["writers", var w] when IsWriter(w) => ObjectKind.Writer,
            ["subjects", { Length: 32 } tag] when Id16.TryParse(tag, out _) => ObjectKind.Claim,
            ["points", var w, { Length: 12 } n] when Id16.TryParse(w, out _) && IsNumber(n, 12, 12) => ObjectKind.Point,
            ["sessions", var w, { Length: 12 } n] when Id16.TryParse(w, out _) && IsNumber(n, 12, 12) => ObjectKind.Session,
            ["index", var level, var id] when IsNumber(level, 1, 2) && Id32.TryParse(id, out _) => ObjectKind.Index,
            ["meta", { Length: 2 } xx, var id] when Id32.TryParse(id, out _) && id.StartsWith(xx, StringComparison.Ordinal) => ObjectKind.MetaPack,
            ["data", { Length: 2 } xx, var id] when Id32.TryParse(id, out _) && id.StartsWith(xx, StringComparison.Ordinal) => ObjectKind.DataPack,
            ["parity", { Length: 2 } xx, var id] when Id32.TryParse(id, out _) && id.StartsWith(xx, StringComparison.Ordinal) => ObjectKind.Parity,
            ["ledger", { Length: 12 } n] when IsNumber(n, 12, 12) => ObjectKind.Ledger,
            ["drops", var id] when Id32.TryParse(id, out _) => ObjectKind.Drop,
            ["gc", { Length: 32 } mark, var step] when Id16.TryParse(mark, out _) && IsNumber(step, 1, 1) => ObjectKind.Mark,
            ["audit", var w, { Length: 12 } n] when Id16.TryParse(w, out _) && IsNumber(n, 12, 12) => ObjectKind.Audit,
            ["drills", var id] when Id32.TryParse(id, out _) => ObjectKind.Drill,
            ["config", var w, { Length: 12 } n] when Id16.TryParse(w, out _) && IsNumber(n, 12, 12) => ObjectKind.Configuration,
            ["approvers", var w] when IsWriter(w) => ObjectKind.Approver,
            _ => null,
        };
    }

    /// <summary>The id at the end of a name.</summary>
    public static Id32 IdIn(string name) => Id32.TryParse(name[(name.LastIndexOf('/') + 1)..], out var id) ? id : default;

    /// <summary>Tag in the name of a claim, writer or approver in that of an enrolment.</summary>
    public static Id16 TagIn(string name) => Id16.TryParse(name.Substring(name.IndexOf('/', StringComparison.Ordinal) + 1, 2 * Id16.Size), out var id) ? id : default;

    /// <summary>Writer and number in the name of a point, session, audit record or copy of a configuration.</summary>
    public static (Id16 Writer, long Sequence) RunIn(string name)
    {
        var parts = name.Split('/');
        return Id16.TryParse(parts[1], out var writer) ? (writer, long.Parse(parts[2], CultureInfo.InvariantCulture)) : default;
    }

    private static bool IsWriter(string part) =>
        part.Length >= 32 && Id16.TryParse(part[..32], out _) && (part.Length == 32 || (part[32] == '.' && IsNumber(part[33..], 1, 9)));

    private static bool IsNumber(string part, int shortest, int longest) => part.Length >= shortest && part.Length <= longest && part.All(char.IsAsciiDigit);
}
