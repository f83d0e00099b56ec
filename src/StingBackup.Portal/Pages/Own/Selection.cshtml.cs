using Microsoft.AspNetCore.Mvc;
using StingBackup.Portal.Access;
using StingBackup.Portal.Own;

namespace StingBackup.Portal.Pages.Own;

/// <summary>Takes what somebody chose in a folder, and leads to what is to be done with it.</summary>
[PortalRule(Audience.Person)]
internal sealed class SelectionModel(OwnPeople people, Selections selections) : OwnPage(people)
{
    [BindProperty]
    public string? Run { get; set; }

    [BindProperty(Name = "path")]
    public IReadOnlyList<string> Paths { get; set; } = [];

    /// <summary><c>zip</c> or <c>restore</c>.</summary>
    [BindProperty(Name = "act")]
    public string? Act { get; set; }

    /// <summary>The folder that somebody comes from.</summary>
    [BindProperty]
    public string? From { get; set; }

    public IActionResult OnGet() => LocalRedirect("/files");

    public IActionResult OnPost()
    {
        if (Paths.Count == 0)
        {
            var back = Url.IsLocalUrl(From) && From.StartsWith("/files", StringComparison.Ordinal) ? From : "/files";
            return LocalRedirect(back + (back.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "nothing=true");
        }
        var id = selections.Keep(Selections.Of(Owner, Run, Jar, Paths));
        return LocalRedirect(Act == "zip" ? $"/api/v1/selections/{id}/archive" : $"/restore/{id}");
    }
}
