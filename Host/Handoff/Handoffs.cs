using ActorRaid.Actors;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;

namespace ActorRaid.Host.Handoff;

/// <summary>Both sides of a handoff, as a daemon uses them; a daemon under test may do without.</summary>
/// <param name="Take">See <see cref="HandoffTaker.Take"/>.</param>
/// <param name="Offer">See <see cref="HandoffOffer.Listen"/>; null when that is not possible, which has been logged.</param>
internal sealed record Handoffs(Func<Task<HandoffTaker?>> Take, Func<IHandingOver, HandoffOffer?> Offer)
{
    /// <summary>Neither.</summary>
    internal static readonly Handoffs None = new(() => Task.FromResult<HandoffTaker?>(null), _ => null);

    /// <summary>For these actors.</summary>
    internal static Handoffs Of(RaidSystem system, LaunchPaths paths, EventLog events, bool foreground) => new(
        () => HandoffTaker.Take(paths.Handoff, system, events, stays: foreground),
        daemon =>
        {
            var offer = HandoffOffer.Listen(paths.Handoff, system, events, daemon);
            if (!offer.Ok)
                events.Write(EventLevel.Error, "no-handoff", $"nobody can take over by handoff: {offer.Error}");
            return offer.Ok ? offer.Value : null;
        });
}
