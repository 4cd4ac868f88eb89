"""One file for each screen of a visit, and the table from a state to its screen."""

from huiyin_kiosk.ui.frame import Screen
from huiyin_kiosk.ui.screens.about import AboutScreen
from huiyin_kiosk.ui.screens.attract import AttractScreen
from huiyin_kiosk.ui.screens.contact import ContactChoiceScreen, ContactFormScreen
from huiyin_kiosk.ui.screens.ending import NotKeptScreen, SettingUpScreen, ThanksScreen
from huiyin_kiosk.ui.screens.kinds import KindsScreen
from huiyin_kiosk.ui.screens.reasons import ReasonsScreen
from huiyin_kiosk.ui.screens.writing import TellingScreen, WordsScreen
from huiyin_kiosk.visit import state as visit

_SCREENS: dict[type, type[Screen]] = {
    visit.SettingUp: SettingUpScreen,
    visit.Attract: AttractScreen,
    visit.Reasons: ReasonsScreen,
    visit.Words: WordsScreen,
    visit.Kinds: KindsScreen,
    visit.About: AboutScreen,
    visit.Telling: TellingScreen,
    visit.ContactChoice: ContactChoiceScreen,
    visit.ContactForm: ContactFormScreen,
    visit.Thanks: ThanksScreen,
    visit.NotKept: NotKeptScreen,
}


def screen_for(state: visit.Screen) -> type[Screen]:
    """Return the screen that shows a state; while something is saved, the one behind it."""
    return screen_for(state.behind) if isinstance(state, visit.Saving) else _SCREENS[type(state)]
