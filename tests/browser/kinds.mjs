// Every page that a relay has for a person: what is offered, or nothing, in
// each language.
import * as crypto from 'node:crypto';

import {createMailbox} from './harness.mjs';

export const STORES = {apple: 'https://apps.example/wallet?id=1&ref=relay',
                       android: 'https://play.example/store/wallet'};
export const WITH_STORES = Object.entries(STORES).map(
    ([kind, url]) => `tigress_wallet_store ${kind} ${url};`);

export const LOCALES = {en: 'en-GB', de: 'de-CH', es: 'es-MX'};

const OFFERS = {
    home: {vertical: 'h', en: ['Key to the garden house', 'From Friday on'],
           de: ['Schlüssel zum Gartenhaus', 'Von Freitag an'],
           es: ['Llave de la casita del jardín', 'Desde el viernes']},
    car: {vertical: 'c', en: ['Key of the blue car', 'For the weekend'],
          de: ['Schlüssel des blauen Autos', 'Für das Wochenende'],
          es: ['Llave del coche azul', 'Para el fin de semana']},
    general: {vertical: 'a', en: ['Badge for the library', 'All of June'],
              de: ['Ausweis der Bücherei', 'Der ganze Juni'],
              es: ['Pase de la biblioteca', 'Todo el mes de junio']},
};

/** A URL where no mailbox is. */
export function nowhere(relay) {
    return `${relay.origin}/v1/m/${crypto.randomUUID()}`;
}

/** [{name, language, locale, status, url, title}] of every kind of page. */
export async function allKinds(relay) {
    const found = [];
    for (const [language, locale] of Object.entries(LOCALES)) {
        for (const [name, offer] of Object.entries(OFFERS)) {
            const [title, description] = offer[language];
            const {url} = await createMailbox(relay, {title, description},
                                              offer);
            found.push({name, language, locale, status: 200, url, title});
        }
        found.push({name: 'gone', language, locale, status: 404,
                    url: nowhere(relay)});
    }
    return found;
}

/** What a page has said that says more than that it is not there. */
export function beyondStatus(said) {
    return said.filter((words) => !words.includes('status of 404'));
}
