namespace StingBackup.Engine.Keys;

/// <summary>What can be wrong with shares, in words that name the share, the file and the line. None holds any of a share.</summary>
internal static class EscrowErrors
{
    public static StingException Mistyped(string path, string message, string target) => new(
        "EscrowShareMistyped", FailureKind.Integrity, message, target,
        $"Compare the line with the printed page, character by character, and correct it in '{path}'. O and 0, and I, L and 1 count as the same.");

    public static StingException LineMissing(string path, string label) => new(
        "EscrowShareMistyped", FailureKind.Integrity, $"Line {label} is missing in '{path}', or its first characters are mistyped.", path, $"Add the line as it stands on the printed page, {label} in front.");

    public static StingException Unreadable(string path, Exception cause) => new(
        "EscrowFileUnavailable", cause is FileNotFoundException or DirectoryNotFoundException ? FailureKind.NotFound : cause is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
        $"'{path}' cannot be read: {cause.Message}", path, "Name the shares' files, or the folder that holds them.", cause);

    public static StingException NothingFound(string path) => new(
        "EscrowShareMissing", FailureKind.NotFound, $"'{path}' holds no share and no sealed escrow.", path,
        "Name a share's text file, whose lines S1 to S4 hold the share, or the folder that holds such files. A web page (.html) is for printing, and is not read.");

    public static StingException Duplicate(EscrowShare share, string path, string other) => new(
        "EscrowShareConflict", FailureKind.Integrity, $"'{other}' and '{path}' both say that they hold {share}, and hold different ones: one of them is not genuine.", path,
        "Leave the one out that you trust less; with the sealed escrow at hand the wrong one is named.");

    public static StingException Mixed(string message, string path) => new(
        "EscrowSharesMixed", FailureKind.Integrity, message, path, "Give shares of one escrow alone; its id stands on each page.");

    public static StingException TooFew(string message, string path) => new(
        "EscrowSharesTooFew", FailureKind.Refused, message, path, "Bring further shares of the same escrow together. Fewer than its threshold tell nothing of the keys.");

    public static StingException SealMissing(string path) => new(
        "EscrowSealMissing", FailureKind.NotFound, "The shares are there, but not the sealed keys that they open.", path,
        "Give the file that ends in .sealed too, or type the lines that start with E from any one page: they are the same on every page of an escrow.");

    public static StingException Foreign(EscrowShare share, string path) => new(
        "EscrowShareWrong", FailureKind.Integrity, $"{Upper(share.ToString())} in '{path}' is not the one that was made: it was forged, or copied from something else.", path,
        "Leave it out, and bring another share. Ask whoever held it.");

    private static string Upper(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
