using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Reserve;

/// <summary>Where what is no folder stands among the reserve's paths.</summary>
internal static class ReserveMounts
{
    /// <summary>Vault's secrets.</summary>
    public static readonly EntryPath Vault = EntryPath.Parse("vault");
    /// <summary>Databases.</summary>
    public static readonly EntryPath PostgreSql = EntryPath.Parse("postgresql");
    /// <summary>A base backup of the database server.</summary>
    public static readonly EntryPath BaseBackup = EntryPath.Parse("postgresql-base");
    /// <summary>Its write-ahead log.</summary>
    public static readonly EntryPath Wal = EntryPath.Parse("wal");
    /// <summary>Chroma's folder.</summary>
    public static readonly EntryPath Chroma = EntryPath.Parse("chroma");
    /// <summary>Collections of a running Chroma.</summary>
    public static readonly EntryPath Vectors = EntryPath.Parse("vectors");
}
