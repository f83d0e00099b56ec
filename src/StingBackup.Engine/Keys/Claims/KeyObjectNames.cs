using System.Globalization;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Keys;

/// <summary>Names in the repository of what this part writes there.</summary>
public static class KeyObjectNames
{
    /// <summary>Prefix of format objects.</summary>
    public const string FormatPrefix = "format/";
    /// <summary>Prefix of enrolments.</summary>
    public const string WriterPrefix = "writers/";
    /// <summary>Prefix of claims.</summary>
    public const string ClaimPrefix = "subjects/";
    /// <summary>Prefix of approvers' enrolments.</summary>
    public const string ApproverPrefix = "approvers/";

    /// <summary><c>format/&lt;n&gt;</c></summary>
    public static string Format(int slot) => string.Create(CultureInfo.InvariantCulture, $"{FormatPrefix}{slot}");

    /// <summary><c>writers/&lt;id&gt;</c> for the enrolment, <c>writers/&lt;id&gt;.&lt;revision&gt;</c> for what follows it.</summary>
    public static string Writer(Id16 id, uint revision) => revision == 1
        ? string.Create(CultureInfo.InvariantCulture, $"{WriterPrefix}{id}")
        : string.Create(CultureInfo.InvariantCulture, $"{WriterPrefix}{id}.{revision}");

    /// <summary>Prefix of the erasure ledger.</summary>
    public const string LedgerPrefix = "ledger/";

    /// <summary><c>ledger/&lt;seq&gt;</c>, padded to twelve digits</summary>
    public static string Ledger(long sequence) => string.Create(CultureInfo.InvariantCulture, $"{LedgerPrefix}{sequence:d12}");

    /// <summary><c>approvers/&lt;id&gt;</c> for the enrolment, <c>approvers/&lt;id&gt;.&lt;revision&gt;</c> for what follows it.</summary>
    public static string Approver(Id16 id, uint revision) => revision == 1
        ? string.Create(CultureInfo.InvariantCulture, $"{ApproverPrefix}{id}")
        : string.Create(CultureInfo.InvariantCulture, $"{ApproverPrefix}{id}.{revision}");

    /// <summary><c>subjects/&lt;tag&gt;</c></summary>
    public static string Claim(Id16 tag) => $"{ClaimPrefix}{tag}";
}
