using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using StingBackup.Engine.People;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>Asks for a recovery to a moment: of a file or folder, of a honey jar, or of all that is one's own.</summary>
[PortalRule(Audience.Person, Fresh = true)]
internal sealed class RecoveryAskModel(OwnPeople people, PageTimes times) : OwnPage(people)
{
    private const string Format = "yyyy-MM-dd'T'HH:mm";

    /// <summary>A run that the moment is taken from.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Run { get; set; }

    /// <summary>A file or folder; empty for all.</summary>
    [BindProperty(SupportsGet = true)]
    public string? Path { get; set; }

    /// <summary>The moment, in the zone of the page.</summary>
    [BindProperty]
    public string? Moment { get; set; }

    [BindProperty]
    public ConflictAction Conflict { get; set; } = ConflictAction.Rename;

    [BindProperty]
    public bool WithRows { get; set; }

    [BindProperty]
    public string? Reason { get; set; }

    public string ZoneName => times.Zone.Id;
    /// <summary>Jars that something may be restored into.</summary>
    public IReadOnlyList<OwnJar> Jars { get; private set; } = [];
    /// <summary>What is wrong with the form; null while nothing is.</summary>
    public StingException? Problem { get; private set; }

    public async Task OnGetAsync()
    {
        Run = Given.OptionalId(Run, "run");
        Moment = times.Now.ToString(Format, CultureInfo.InvariantCulture);
        await ShowAsync().ConfigureAwait(false);
    }

    public async Task<IActionResult> OnPostAsync()
    {
        Run = Given.OptionalId(Run, "run");
        DateTimeOffset? moment = null;
        if (Run is null)
        {
            moment = MomentOf(Moment) ?? throw Given.Wrong("moment");
        }
        if (!ModelState.IsValid)
        {
            throw Given.Wrong("form");
        }
        try
        {
            var own = await OwnAsync().ConfigureAwait(false);
            var asked = await own.AskForRecoveryAsync(new RecoveryWish
            {
                BackupId = Run, Moment = moment, Paths = string.IsNullOrWhiteSpace(Path) ? [] : [Given.Path(Path.Trim())], Conflict = Conflict, WithRows = WithRows, Reason = Reason ?? "",
            }, Cancel).ConfigureAwait(false);
            return LocalRedirect(OwnLinks.Recovery(asked.Id, Jar));
        }
        catch (StingException e) when (e.Kind is FailureKind.InvalidArgument or FailureKind.NotFound)
        {
            // What is wrong is said beside what was written.
            Problem = e;
            await ShowAsync().ConfigureAwait(false);
            return Page();
        }
    }

    private async ValueTask ShowAsync()
    {
        var jar = Jar;
        Jar = null;
        Jars = [.. (await (await OwnAsync().ConfigureAwait(false)).JarsAsync(Cancel).ConfigureAwait(false)).Where(j => j.MayRestore)];
        Jar = Jars.Any(j => j.Id == jar) ? jar : null;
    }

    /// <summary>A field that shows minutes means all of the one that it shows, as far as it has come: a backup of this minute is not later than now.</summary>
    private DateTimeOffset? MomentOf(string? text)
    {
        var isMinute = DateTime.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local);
        if ((!isMinute && !DateTime.TryParseExact(text, Format + "':'ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out local)) || times.Zone.IsInvalidTime(local))
        {
            return null;
        }
        var moment = new DateTimeOffset(local, times.Zone.GetUtcOffset(local));
        var (now, end) = (times.Now, moment.AddMinutes(1).AddTicks(-1));
        return !isMinute ? moment : moment <= now && now < end ? now : end;
    }
}
