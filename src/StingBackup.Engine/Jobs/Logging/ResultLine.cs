using Microsoft.Extensions.Logging;

namespace StingBackup.Engine.Jobs.Logging;

/// <summary>The last line of a job's log: how it ended, as a sentence, with its numbers as values.</summary>
internal static class ResultLine
{
    public static void Write(ILogger logger, object result)
    {
        switch (result)
        {
            case BackupResult backup:
                logger.LogInformation("{State}: {Items} items ({Length}), {ItemsRead} files read, {New} new, {Stored} stored, {Errors} errors, in {Duration}",
                    backup.State, backup.Items, Display.Length(backup.Length), backup.ItemsRead, Display.Length(backup.BytesNew), Display.Length(backup.BytesStored), backup.Errors,
                    Display.Duration(backup.Duration));
                break;
            case RestoreResult restore:
                logger.LogInformation("{State}: {Restored} items ({Length}) restored to {Destination} from {BackupIds}, {Unchanged} unchanged, {Skipped} skipped, {Errors} errors, in {Duration}",
                    restore.State, restore.ItemsRestored, Display.Length(restore.BytesRestored), restore.Destination, string.Join(", ", restore.BackupIds), restore.ItemsUnchanged,
                    restore.ItemsSkipped, restore.Errors, Display.Duration(restore.Duration));
                break;
            case LegacyImportResult import:
                logger.LogInformation("{State}: {Imported} of {Archives} archives imported, {New} new, {Stored} stored, {Errors} errors, in {Duration}",
                    import.State, import.Imported, import.Archives.Count, Display.Length(import.BytesNew), Display.Length(import.BytesStored), import.Errors, Display.Duration(import.Duration));
                break;
            case IntegrityResult verified:
                logger.LogInformation("{Verdict} at level {Level}: {Points} points, {Packs} packs, {Chunks} chunks, {Read} read, {Faults} faults, in {Duration}",
                    verified.Passed ? "Sound" : "Damaged", verified.Level, verified.Points, verified.Packs, verified.Chunks, Display.Length(verified.BytesRead), verified.Faults.Count,
                    Display.Duration(verified.Duration));
                break;
            case RepairResult repaired:
                logger.LogInformation("Repaired: {Packs} packs proved, {Entries} index entries written, {Replaced} fragments replaced, {Restored} objects restored, {Faults} faults left, in {Duration}",
                    repaired.Packs, repaired.Entries, repaired.FragmentsReplaced, repaired.ObjectsRestored, repaired.Faults.Count, Display.Duration(repaired.Duration));
                break;
            case DatabaseRestoreResult database:
                logger.LogInformation("{State}: {Files} files ({Length}) of the database server restored to {Data} from {BackupIds}, log up to {End}, in {Duration}",
                    database.State, database.Files, Display.Length(database.Length), database.DataDirectory, string.Join(", ", database.BackupIds), database.LogEnd, Display.Duration(database.Duration));
                break;
            case CaptureStatus capture:
                logger.LogInformation("The capture ended: {State}, log up to {Confirmed}", capture.State, capture.Confirmed);
                break;
            case ErasureResult erased:
                logger.LogInformation("{State}: erasures {Erasures} in {Duration}", erased.State,
                    string.Join(", ", erased.Erasures.Select(erasure => $"{erasure.Id} {erasure.State}")), Display.Duration(erased.Duration));
                break;
            case KeyRotationResult rotated:
                logger.LogInformation("{State}: keys of kind {Kind} renewed, {Records} records and {Claims} claims in {Duration}", rotated.State, rotated.Kind, rotated.Records, rotated.Claims,
                    Display.Duration(rotated.Duration));
                break;
            case RetentionResult retained:
                logger.LogInformation("{Dropped} restore points let go, {Kept} kept, {Held} of them by a legal hold, in {Duration}", retained.Dropped, retained.Kept, retained.Held, Display.Duration(retained.Duration));
                break;
            case PruneResult pruned:
                logger.LogInformation("Deleted {Deleted} packs ({Freed}), marked {Marked} ({MarkedLength}), {Rewritten} written anew, {Spared} spared, {Waiting} wait ({WaitingLength}); {Fragments} index fragments joined, {Sessions} sessions removed, in {Duration}",
                    pruned.Deleted.Packs, Display.Length(pruned.Deleted.Length), pruned.Marked.Packs, Display.Length(pruned.Marked.Length), pruned.Rewritten.Packs, pruned.Spared, pruned.Waiting.Packs,
                    Display.Length(pruned.Waiting.Length), pruned.FragmentsJoined, pruned.Sessions, Display.Duration(pruned.Duration));
                break;
            default:
                logger.LogInformation("{Result}", result);
                break;
        }
    }
}
