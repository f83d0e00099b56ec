using StingBackup.Engine.Basics;
namespace StingBackup.Engine.Sources.Vault;

/// <summary>Tells what of Vault's failures is one secret's from what is all of the source's.</summary>
internal static class VaultItems
{
    /// <summary>True for a missing right, an answer that makes no sense, a name: the next secret may well be read.</summary>
    public static bool IsOfOneItem(StingException e) => e.ErrorId is "VaultDenied" or "VaultAnswerUnknown" or "VaultRequestRefused" or "NameNotAllowed";

    /// <summary>The failure of an item, with the cause and the remedy of Vault's own.</summary>
    public static StingException Unreadable(string location, EntryPath path, StingException cause) => new("SourceItemUnreadable", cause.Kind,
        $"'{location}/{path}' could not be read. {cause.Message}", $"{location}/{path}", cause.Remedy, cause);
}
